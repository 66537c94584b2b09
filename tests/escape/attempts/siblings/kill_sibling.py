# class: other processes
# technique: end another task
# layers: landlock, seccomp, identity
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: decoy

os.kill(host["sibling"]["inside"], signal.SIGKILL)
return escaped("sent")
