# class: running programs
# technique: make the C library's code writable, change a function, and make it executable again
# layers: seccomp
# single: Landlock does not govern mappings, and nothing else judges their protection
# code: native
# witness: kernel

code = bytes.fromhex("b82a000000c3" if host["calls"]["getpid"] == 39 else "40058052c0035fd6")
at = ctypes.cast(libc.labs, ctypes.c_void_p).value
page = at & ~4095
call("mprotect", page, 8192, 3)
ctypes.memmove(at, code, len(code))
call("mprotect", page, 8192, 5)
return escaped(libc.labs(7))
