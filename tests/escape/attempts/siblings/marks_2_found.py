# class: task to task
# technique: look for the marks that siblings/marks_1_left has left
# layers: supervisor
# single: each task is a process of its own; there is nothing else that would have to hold
# code: native
# control: what a task changes are its own copies
# witness: kernel

found = []
def look(name, seen):
    try:
        if seen():
            found.append(name)
    except OSError:
        pass
libc.getenv.restype = ctypes.c_void_p
def limit():
    values = buffer(16)
    call("prlimit64", 0, 7, 0, values)
    return struct.unpack("QQ", values.raw)[0] == 33
def handler():
    libc.signal.restype = ctypes.c_void_p
    return libc.signal(signal.SIGUSR1, 0) == 1
look("module", lambda: hasattr(sys, "mark_of_a_task"))
look("environment", lambda: "MARK_OF_A_TASK" in os.environ)
look("C environment", lambda: libc.getenv(b"MARK_OF_A_TASK_IN_C"))
look("handler", handler)
look("mask", lambda: os.umask(0o777) == 0o123)
look("limit", limit)
look("folder", lambda: os.getcwd() == "/tmp")
look("descriptor", lambda: os.fstat(99))
look("priority", lambda: os.getpriority(os.PRIO_PROCESS, 0) == 7)
look("timer", lambda: signal.getitimer(signal.ITIMER_REAL)[0] > 500)
look("constant", lambda: "mark_of_a_task" in time.__dict__)
return escaped(found) if found else held("nothing")
