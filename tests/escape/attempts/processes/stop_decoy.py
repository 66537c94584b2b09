# class: other processes
# technique: stop another process
# layers: landlock, seccomp, namespaces
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: decoy

os.kill(host["decoy"]["inside"], signal.SIGSTOP)
return escaped("sent")
