# class: exhaustion
# technique: shared memory of System V, touched and detached again: memory of no process
# layers: seccomp
# single: Landlock does not judge System V IPC, no limit counts what is not attached, and an IPC namespace lets it make its own
# code: native
# limits: memory_mib=64
# witness: kernel

IPC_PRIVATE, IPC_RMID, size = 0, 0, 16 << 20
segments = []
try:
    for _ in range(10):
        segments.append(call("shmget", IPC_PRIVATE, size, 0o600))
        at = call("shmat", segments[-1], 0, 0)
        ctypes.memset(at, 1, size)
        call("shmdt", at)
finally:
    for segment in segments:
        call("shmctl", segment, IPC_RMID, 0)
return escaped("160 MiB")
