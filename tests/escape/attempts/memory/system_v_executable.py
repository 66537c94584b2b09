# class: running programs
# technique: shared memory of System V, attached as executable
# layers: seccomp
# single: Landlock does not govern shared memory, and an IPC namespace lets it make its own
# code: native
# witness: kernel

IPC_PRIVATE, IPC_RMID, SHM_EXEC = 0, 0, 0o100000
code = bytes.fromhex("b82a000000c3" if host["calls"]["getpid"] == 39 else "40058052c0035fd6")
segment = call("shmget", IPC_PRIVATE, 4096, 0o700)
try:
    at = call("shmat", segment, 0, SHM_EXEC)
finally:
    call("shmctl", segment, IPC_RMID, 0)
ctypes.memmove(at, code, len(code))
return escaped(ctypes.CFUNCTYPE(ctypes.c_int)(at)())
