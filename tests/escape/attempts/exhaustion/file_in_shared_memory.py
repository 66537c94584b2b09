# class: exhaustion
# technique: a nameless file in /dev/shm, which is memory of no process
# layers: landlock, seccomp, rlimits
# code: native
# limits: memory_mib=64
# witness: kernel

fd = os.open("/dev/shm", os.O_RDWR | os.O_TMPFILE, 0o600)
for _ in range(160):
    os.write(fd, bytes(1 << 20))
return escaped("160 MiB")
