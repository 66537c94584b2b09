# class: running programs
# technique: executable memory asked for with bits above the ones that count
# layers: seccomp
# single: Landlock does not govern mappings, and nothing else judges their protection
# code: native
# witness: kernel

code = bytes.fromhex("b82a000000c3" if host["calls"]["getpid"] == 39 else "40058052c0035fd6")
at = call("mmap", 0, 4096, 7 | 1 << 32, 0x22, -1, 0)
ctypes.memmove(at, code, len(code))
return escaped(ctypes.CFUNCTYPE(ctypes.c_int)(at)())
