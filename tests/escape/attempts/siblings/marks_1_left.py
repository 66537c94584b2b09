# class: task to task
# technique: leave marks in modules, environment, signals, limits, mask, folder, descriptors and memory, for siblings/marks_2_found
# layers: supervisor
# single: each task is a process of its own; there is nothing else that would have to hold
# code: native
# control: what it changes are its own copies; whether anybody sees them the next attempt looks
# witness: kernel

left = []
def leave(name, change):
    try:
        change()
        left.append(name)
    except OSError:
        pass
leave("module", lambda: setattr(sys, "mark_of_a_task", True))
leave("environment", lambda: os.environ.__setitem__("MARK_OF_A_TASK", "1"))
leave("C environment", lambda: libc.setenv(b"MARK_OF_A_TASK_IN_C", b"1", 1))
leave("handler", lambda: libc.signal(signal.SIGUSR1, 1))
leave("mask", lambda: os.umask(0o123))
leave("limit", lambda: call("prlimit64", 0, 7, struct.pack("QQ", 33, 33), 0))
leave("folder", lambda: os.chdir("/tmp"))
leave("descriptor", lambda: os.dup2(3, 99))
leave("priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, 7))
leave("timer", lambda: signal.setitimer(signal.ITIMER_REAL, 1000))
leave("constant", lambda: time.__dict__.__setitem__("mark_of_a_task", host["mark"]))
return held("marks")
