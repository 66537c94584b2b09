# class: other processes
# technique: a signal to a process of the same user
# layers: landlock, seccomp, namespaces
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: decoy

os.kill(host["decoy"]["inside"], signal.SIGTERM)
return escaped("sent")
