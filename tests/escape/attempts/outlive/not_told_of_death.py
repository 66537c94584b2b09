# class: outliving the task
# technique: a grandchild in another session that clears the signal for the death of its parent
# layers: seccomp, supervisor
# control: where tasks can fork, the supervisor ends whatever they leave behind
# code: native
# witness: processes

PR_SET_PDEATHSIG = 1
ready, done = os.pipe()
for _ in range(4):
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            os.setsid()
            libc.prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)
            os.write(done, b"x")
            time.sleep(20)
        os._exit(0)
    os.waitpid(child, 0)
    os.read(ready, 1)
return held("four grandchildren")
