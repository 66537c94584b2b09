# class: task to task
# technique: stop the children that wait for a task
# layers: landlock, seccomp, identity, supervisor
# control: a spare that cannot run is never given a task, and is replaced
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: decoy

for spare in others():
    os.kill(spare["inside"], signal.SIGSTOP)
return held("sent")
