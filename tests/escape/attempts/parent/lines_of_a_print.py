# class: logs
# technique: a print that begins lines of the log
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# control: everything user-made is escaped before it is logged, whatever is off
# witness: messages
print("x\n" + host["mark"] + " INFO Completed task other\r" + host["mark"] + "\u2028" + host["mark"] + "\x85" + host["mark"])
return held(None)
