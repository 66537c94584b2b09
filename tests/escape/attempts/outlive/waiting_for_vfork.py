# class: outliving the task
# technique: a child in the same memory, for which the task waits in the kernel
# layers: seccomp, supervisor
# code: native
# limits: timeout_s=1
# control: a task's time is always limited
# witness: processes

stack = mmap.mmap(-1, 1 << 16)
top = (ctypes.addressof(ctypes.c_char.from_buffer(stack)) + (1 << 16)) & ~15
CLONE_VM_VFORK = 0x4100
child = libc.clone(ctypes.cast(libc.sleep, ctypes.c_void_p), ctypes.c_void_p(top), CLONE_VM_VFORK | signal.SIGCHLD, 20)
return held(refused(OSError(ctypes.get_errno(), "")) if child == -1 else "it waited")
