# class: outliving the task
# technique: a child in a session of its own, which no signal to the task's process group reaches
# layers: seccomp, supervisor
# control: where tasks can fork, the supervisor ends whatever they leave behind
# code: native
# witness: processes

ready, done = os.pipe()
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        os.write(done, b"x")
        time.sleep(20)
        os._exit(0)
    os.read(ready, 1)
return held("four children")
