# class: exhaustion
# technique: fifty processes
# layers: seccomp
# single: RLIMIT_NPROC counts a task's processes only where it has a user id of its own; what it starts is killed with it
# code: native
# witness: kernel

for _ in range(50):
    if os.fork() == 0:
        time.sleep(2)
        os._exit(0)
return escaped("50 processes")
