# class: other processes
# technique: lower another process's priority for input and output
# layers: seccomp, namespaces
# code: native
# witness: kernel

IOPRIO_WHO_PROCESS, IDLE = 1, 3 << 13
call("ioprio_set", IOPRIO_WHO_PROCESS, host["decoy"]["inside"], IDLE)
return escaped("lowered")
