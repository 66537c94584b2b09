# class: outliving the task
# technique: a child of the task's parent, by CLONE_PARENT
# layers: seccomp, supervisor
# control: where tasks can fork, the supervisor ends whatever they leave behind
# code: native
# witness: processes

CLONE_PARENT = 0x8000
ready, done = os.pipe()
for _ in range(4):
    if call("clone", CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0) == 0:
        os.setsid()
        os.write(done, b"x")
        time.sleep(20)
        os._exit(0)
    os.read(ready, 1)
return held("four siblings")
