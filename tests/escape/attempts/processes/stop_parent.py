# class: other processes
# technique: stop the forkserver, its parent
# layers: landlock, seccomp, namespaces
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: decoy

os.kill(host["forkserver"]["inside"], signal.SIGSTOP)
return escaped("sent")
