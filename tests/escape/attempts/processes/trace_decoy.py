# class: other processes
# technique: trace another process
# layers: landlock, seccomp, namespaces
# code: native
# witness: kernel

PTRACE_SEIZE = 0x4206
call("ptrace", PTRACE_SEIZE, host["decoy"]["inside"], 0, 0)
return escaped("traced")
