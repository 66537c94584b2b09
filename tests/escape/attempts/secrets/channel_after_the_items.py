# class: task to task
# technique: what else comes down the channel, after the task
# layers: seccomp, supervisor
# code: native
# control: one channel carries one task, whatever is off
# witness: secret
try:
    call("fcntl", 3, 4, os.O_NONBLOCK)
    return held(os.read(3, 65536).decode("latin-1"))
except OSError as error:
    return held(refused(error))
