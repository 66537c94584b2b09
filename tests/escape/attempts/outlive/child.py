# class: outliving the task
# technique: a child that goes on when the task has answered
# layers: seccomp, supervisor
# code: native
# control: a task is killed with its whole process group
# witness: processes

if os.fork() == 0:
    time.sleep(20)
    os._exit(0)
return held("a child")
