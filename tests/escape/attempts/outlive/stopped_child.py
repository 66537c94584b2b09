# class: outliving the task
# technique: a child in another session that stops itself
# layers: seccomp, supervisor
# control: where tasks can fork, the supervisor ends whatever they leave behind
# code: native
# witness: processes

for _ in range(4):
    child = os.fork()
    if child == 0:
        os.setsid()
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    os.waitpid(child, os.WUNTRACED)
return held("four stopped children")
