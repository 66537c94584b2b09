# class: system-call table tricks
# technique: make itself dumpable and write over its own code by /proc/self/mem, past all protection
# layers: landlock, seccomp
# code: native
# witness: kernel

PR_SET_DUMPABLE = 4
libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
code = bytes.fromhex("b82a000000c3" if host["calls"]["getpid"] == 39 else "40058052c0035fd6")
fd = os.open("/proc/self/mem", os.O_RDWR)
os.pwrite(fd, code, ctypes.cast(libc.labs, ctypes.c_void_p).value)
return escaped(libc.labs(7))
