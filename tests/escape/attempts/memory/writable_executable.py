# class: running programs
# technique: map memory that is writable and executable, and run code in it
# layers: seccomp
# single: Landlock does not govern mappings, and nothing else judges their protection
# code: native
# witness: kernel

code = bytes.fromhex("b82a000000c3" if host["calls"]["getpid"] == 39 else "40058052c0035fd6")
at = call("mmap", 0, 4096, 7, 0x22, -1, 0)
ctypes.memmove(at, code, len(code))
return escaped(ctypes.CFUNCTYPE(ctypes.c_int)(at)())
