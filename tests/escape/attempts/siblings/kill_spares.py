# class: task to task
# technique: end the children that wait for a task
# layers: landlock, seccomp, identity
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: decoy

for spare in others():
    os.kill(spare["inside"], signal.SIGKILL)
return escaped("sent")
