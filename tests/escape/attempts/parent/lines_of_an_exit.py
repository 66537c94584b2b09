# class: logs
# technique: the text of an exit
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# control: everything user-made is escaped before it is logged, whatever is off
# witness: messages
raise SystemExit("x\n" + host["mark"] + "\x1b[2J\r" + host["mark"])
