# class: exhaustion
# technique: three hundred threads that need hardly any address space
# layers: supervisor
# single: RLIMIT_NPROC counts a task's threads only where it has a user id of its own, and the filter cannot count
# code: native
# tier: threads
# control: the watch over threads is always on
# witness: kernel

attributes, thread = buffer(64), ctypes.c_ulong()
libc.pthread_attr_init(attributes)
libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(16384))
libc.pthread_attr_setguardsize(attributes, ctypes.c_size_t(0))
libc.pthread_create.argtypes = [ctypes.c_void_p] * 4
sleep = ctypes.cast(libc.sleep, ctypes.c_void_p)
for _ in range(300):
    if libc.pthread_create(ctypes.byref(thread), attributes, sleep, ctypes.c_void_p(2)) != 0:
        return held("no more threads")
time.sleep(0.2)
return escaped("300 threads")
