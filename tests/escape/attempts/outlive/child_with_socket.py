# class: outliving the task
# technique: a child in another session that keeps the task's socket open
# layers: seccomp, supervisor
# control: where tasks can fork, the supervisor ends whatever they leave behind
# code: native
# witness: processes

ready, done = os.pipe()
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        os.dup2(3, 50)
        os.write(done, b"x")
        time.sleep(20)
        os._exit(0)
    os.read(ready, 1)
return held("four children")
