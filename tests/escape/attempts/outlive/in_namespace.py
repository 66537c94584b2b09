# class: outliving the task
# technique: the first process of a PID namespace of its own
# layers: seccomp, supervisor
# control: where tasks can fork, the supervisor ends whatever they leave behind
# code: native
# witness: processes

CLONE_NEWUSER_NEWPID = 0x30000000
call("unshare", CLONE_NEWUSER_NEWPID)
ready, done = os.pipe()
if os.fork() == 0:
    os.setsid()
    # The first of a namespace; the others end with it.
    first = all(os.fork() for _ in range(3))
    os.write(done, b"x" if first else b"")
    time.sleep(20)
    os._exit(0)
os.read(ready, 1)
return held("four processes")
