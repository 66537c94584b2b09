# class: outliving the task
# technique: a daemon: another session, no parent, no signals, no descriptors
# layers: seccomp, supervisor
# control: where tasks can fork, the supervisor ends whatever they leave behind
# code: native
# witness: processes

ready, done = os.pipe()
for _ in range(4):
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            os.write(done, b"x")
            os.closerange(0, 256)
            time.sleep(20)
        os._exit(0)
    os.waitpid(child, 0)
    os.read(ready, 1)
return held("four daemons")
