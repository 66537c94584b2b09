# class: running programs
# technique: the other call that changes protection
# layers: seccomp
# single: Landlock does not govern mappings, and nothing else judges their protection
# code: native
# witness: kernel

code = bytes.fromhex("b82a000000c3" if host["calls"]["getpid"] == 39 else "40058052c0035fd6")
at = call("mmap", 0, 4096, 3, 0x22, -1, 0)
ctypes.memmove(at, code, len(code))
call("pkey_mprotect", at, 4096, 5, -1)
return escaped(ctypes.CFUNCTYPE(ctypes.c_int)(at)())
