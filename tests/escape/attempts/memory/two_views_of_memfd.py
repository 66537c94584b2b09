# class: running programs
# technique: one memfd mapped twice, once to write and once to execute
# layers: seccomp, rlimits
# code: native
# witness: kernel

code = bytes.fromhex("b82a000000c3" if host["calls"]["getpid"] == 39 else "40058052c0035fd6")
fd = os.memfd_create("code")
os.ftruncate(fd, 4096)
write = call("mmap", 0, 4096, 3, 1, fd, 0)
execute = call("mmap", 0, 4096, 5, 1, fd, 0)
ctypes.memmove(write, code, len(code))
return escaped(ctypes.CFUNCTYPE(ctypes.c_int)(execute)())
