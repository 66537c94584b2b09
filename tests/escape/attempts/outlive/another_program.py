# class: outliving the task
# technique: a program in a session of its own
# layers: seccomp, supervisor
# control: where tasks can fork, the supervisor ends whatever they leave behind
# code: native
# witness: processes

for _ in range(4):
    ready, done = os.pipe()
    if os.fork() == 0:
        os.setsid()
        try:
            os.execv("/bin/sleep", ["sleep", "20"])
        finally:
            os._exit(1)
    os.close(done)
    # At its end of file the other end was closed by exec, or by the end of the child.
    os.read(ready, 1)
return held("four programs")
