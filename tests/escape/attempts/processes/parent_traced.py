# class: zygote
# technique: trace the forkserver
# layers: seccomp, supervisor
# code: native
# control: the runner and all below it are never dumpable: nobody may look into them without CAP_SYS_PTRACE
# witness: decoy

PTRACE_SEIZE = 0x4206
try:
    call("ptrace", PTRACE_SEIZE, host["forkserver"]["inside"], 0, 0)
except OSError as error:
    return held(refused(error))
return escaped("traced")
