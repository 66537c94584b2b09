# class: running programs
# technique: a personality in which whatever is readable is executable
# layers: seccomp
# single: no other layer judges personalities or mappings
# code: native
# witness: kernel

READ_IMPLIES_EXEC = 0x400000
code = bytes.fromhex("b82a000000c3" if host["calls"]["getpid"] == 39 else "40058052c0035fd6")
call("personality", READ_IMPLIES_EXEC)
at = call("mmap", 0, 4096, 3, 0x22, -1, 0)
ctypes.memmove(at, code, len(code))
return escaped(ctypes.CFUNCTYPE(ctypes.c_int)(at)())
