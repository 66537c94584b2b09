# class: running programs
# technique: make the whole stack executable, down from where it is, by PROT_GROWSDOWN
# layers: seccomp
# single: Landlock does not govern mappings, and nothing else judges their protection
# code: native
# witness: kernel

PROT_GROWSDOWN = 0x01000000
code = bytes.fromhex("b82a000000c3" if host["calls"]["getpid"] == 39 else "40058052c0035fd6")
# The arguments of the program lie at the upper end of the stack of its first thread.
libc_environ = ctypes.c_void_p.in_dll(libc, "__libc_stack_end").value
page = libc_environ & ~4095
ctypes.memmove(page, ctypes.string_at(page, len(code)), len(code))
call("mprotect", page, 4096, 7 | PROT_GROWSDOWN)
room = buffer(len(code))
kept = ctypes.string_at(page, len(code))
ctypes.memmove(page, code, len(code))
got = ctypes.CFUNCTYPE(ctypes.c_int)(page)()
ctypes.memmove(page, kept, len(code))
return escaped(got)
