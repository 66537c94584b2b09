# class: other processes
# technique: a signal to a thread of another process
# layers: landlock, seccomp, namespaces
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: decoy

call("tgkill", host["decoy"]["inside"], host["decoy"]["inside"], signal.SIGUSR1)
return escaped("sent")
