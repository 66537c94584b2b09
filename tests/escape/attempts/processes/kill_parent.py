# class: other processes
# technique: end the forkserver, its parent
# layers: landlock, seccomp, namespaces
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: decoy

os.kill(host["forkserver"]["inside"], signal.SIGKILL)
return escaped("sent")
