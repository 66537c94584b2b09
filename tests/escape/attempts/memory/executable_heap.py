# class: running programs
# technique: make the heap that brk grew executable
# layers: seccomp
# single: Landlock does not govern mappings, and nothing else judges their protection
# code: native
# witness: kernel

code = bytes.fromhex("b82a000000c3" if host["calls"]["getpid"] == 39 else "40058052c0035fd6")
end = (call("brk", 0) + 4095) & ~4095
call("brk", end + 4096)
ctypes.memmove(end, code, len(code))
call("mprotect", end, 4096, 7)
return escaped(ctypes.CFUNCTYPE(ctypes.c_int)(end)())
