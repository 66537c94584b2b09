# class: other processes
# technique: take a descriptor away from another process
# layers: landlock, seccomp, namespaces
# code: native
# witness: kernel

decoy = call("pidfd_open", host["decoy"]["inside"], 0)
return escaped(call("pidfd_getfd", decoy, 1, 0) >= 0)
