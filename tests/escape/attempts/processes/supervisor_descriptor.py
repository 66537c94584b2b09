# class: other processes
# technique: take the runner's connection away from it
# layers: seccomp, namespaces, supervisor
# code: native
# control: the runner and all below it are never dumpable: nobody may look into them without CAP_SYS_PTRACE
# witness: kernel

try:
    supervisor = call("pidfd_open", host["supervisor"]["inside"], 0)
    call("pidfd_getfd", supervisor, 3, 0)
except OSError as error:
    return held([error.args[1], refused(error)])
return escaped("a descriptor")
