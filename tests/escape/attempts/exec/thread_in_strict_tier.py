# class: running programs
# technique: the clone call of pthread_create, in the tier without threads
# layers: seccomp
# single: the watch over threads looks every 10 ms, and this thread is gone by then
# code: native
# witness: kernel

stack = mmap.mmap(-1, 1 << 16)
top = (ctypes.addressof(ctypes.c_char.from_buffer(stack)) + (1 << 16)) & ~15
CLONE_VM_FS_FILES_SIGHAND_THREAD_SYSVSEM = 0x50f00
thread = libc.clone(ctypes.cast(libc.abs, ctypes.c_void_p), ctypes.c_void_p(top), CLONE_VM_FS_FILES_SIGHAND_THREAD_SYSVSEM, 42)
if thread == -1:
    raise OSError(ctypes.get_errno(), "clone")
return escaped("a thread")
