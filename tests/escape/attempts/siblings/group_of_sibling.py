# class: other processes
# technique: a signal to another task's process group
# layers: landlock, seccomp, identity
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: decoy

sibling = host["sibling"]["inside"]
os.kill(-sibling, signal.SIGKILL)
return escaped("sent")
