# class: logs
# technique: the name of a module that there is not
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# control: everything user-made is escaped before it is logged, whatever is off
# witness: messages
importer = __import__
importer("x\n" + host["mark"] + "\x1b[2J")
