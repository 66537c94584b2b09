# class: temporary storage
# technique: keep data in pipes made as large as they can be: memory of no process
# layers: seccomp, rlimits
# code: native
# witness: kernel

F_SETPIPE_SZ = 1031
kept, ends = 0, []
for _ in range(100):
    ends.append(os.pipe2(os.O_NONBLOCK))
    call("fcntl", ends[-1][1], F_SETPIPE_SZ, 1 << 19)
    kept += os.write(ends[-1][1], bytes(1 << 19))
    if kept >= 20 << 20:
        return escaped(kept)
return held(kept)
