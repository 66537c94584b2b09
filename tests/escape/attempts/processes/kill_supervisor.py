# class: other processes
# technique: end the runner
# layers: landlock, seccomp, namespaces
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: decoy

os.kill(host["supervisor"]["inside"], signal.SIGKILL)
return escaped("sent")
