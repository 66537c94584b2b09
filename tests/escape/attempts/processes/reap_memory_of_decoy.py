# class: other processes
# technique: have another process's memory taken away
# layers: seccomp, namespaces, supervisor
# code: native
# control: the kernel does that only to a process that is being ended
# witness: decoy

try:
    call("process_mrelease", call("pidfd_open", host["decoy"]["inside"], 0), 0)
except OSError as error:
    return held(refused(error))
return escaped("taken")
