# class: system-call table tricks
# technique: a call by the 32-bit table: int 0x80 in code of its own
# layers: seccomp
# single: it takes executable memory first, and what judges that judges the table: both are seccomp's
# code: native
# witness: kernel

# mov eax, 20 (getpid of i386); push rbx; int 0x80; pop rbx; ret
code = bytes.fromhex("b81400000053cd805bc3")
at = call("mmap", 0, 4096, 3, 0x22, -1, 0)
ctypes.memmove(at, code, len(code))
call("mprotect", at, 4096, 5)
answer = ctypes.CFUNCTYPE(ctypes.c_int)(at)()
return escaped("its own number") if answer == os.getpid() else held(answer)
