# class: exhaustion
# technique: a fault whose handler returns to where it came from
# layers: supervisor
# single: a handler for its own signals is what a task may have
# code: native
# limits: timeout_s=1
# control: a task's time is always limited
# witness: processes

libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.signal.restype = ctypes.c_void_p
libc.signal(signal.SIGSEGV, ctypes.cast(libc.abs, ctypes.c_void_p))
ctypes.string_at(8)
