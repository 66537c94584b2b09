# class: temporary storage
# technique: shared memory of System V, left behind
# layers: seccomp, namespaces
# code: native
# witness: made

IPC_CREAT = 0o1000
return escaped(call("shmget", host["key"], 4096, IPC_CREAT | 0o666) >= 0)
