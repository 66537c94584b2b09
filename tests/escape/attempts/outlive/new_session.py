# class: outliving the task
# technique: a child in a session of its own, which no signal to the task's process group reaches
# layers: seccomp
# single: where a child can fork, only a PID namespace or a control group of each task's own would find what it starts
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
return escaped("four children")
