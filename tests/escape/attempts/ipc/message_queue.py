# class: task to task
# technique: a message queue of System V, with a message, left behind
# layers: seccomp, namespaces
# code: native
# witness: made

IPC_CREAT = 0o1000
queue = call("msgget", host["key"], IPC_CREAT | 0o666)
call("msgsnd", queue, struct.pack("q", 1) + host["mark"].encode(), len(host["mark"]), 0)
return escaped("sent")
