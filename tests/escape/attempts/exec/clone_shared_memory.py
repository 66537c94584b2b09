# class: running programs
# technique: a child in the same memory, which runs a function of the C library
# layers: seccomp
# single: as for fork
# code: native
# witness: kernel

stack = mmap.mmap(-1, 1 << 16)
top = (ctypes.addressof(ctypes.c_char.from_buffer(stack)) + (1 << 16)) & ~15
CLONE_VM_VFORK = 0x4100
child = libc.clone(ctypes.cast(libc.abs, ctypes.c_void_p), ctypes.c_void_p(top), CLONE_VM_VFORK | signal.SIGCHLD, 42)
if child == -1:
    raise OSError(ctypes.get_errno(), "clone")
return escaped(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
