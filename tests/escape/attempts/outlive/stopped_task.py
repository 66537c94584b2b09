# class: outliving the task
# technique: the task stops itself
# layers: seccomp, supervisor
# code: native
# limits: timeout_s=1
# control: a task's time is always limited
# witness: processes

os.kill(os.getpid(), signal.SIGSTOP)
time.sleep(20)
