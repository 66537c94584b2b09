# class: task to task
# technique: trace another task
# layers: seccomp, supervisor
# code: native
# control: the runner and all below it are never dumpable: nobody may look into them without CAP_SYS_PTRACE
# witness: decoy

PTRACE_SEIZE = 0x4206
try:
    call("ptrace", PTRACE_SEIZE, host["sibling"]["inside"], 0, 0)
except OSError as error:
    return held(refused(error))
return escaped("traced")
