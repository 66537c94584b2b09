# class: task to task
# technique: semaphores of System V, left behind
# layers: seccomp, namespaces
# code: native
# witness: made

IPC_CREAT = 0o1000
return escaped(call("semget", host["key"], 1, IPC_CREAT | 0o666) >= 0)
