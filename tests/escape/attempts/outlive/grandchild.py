# class: outliving the task
# technique: a process whose parent is gone at once
# layers: seccomp, supervisor
# code: native
# control: a task is killed with its whole process group
# witness: processes

child = os.fork()
if child == 0:
    if os.fork() == 0:
        time.sleep(20)
    os._exit(0)
os.waitpid(child, 0)
return held("a grandchild")
