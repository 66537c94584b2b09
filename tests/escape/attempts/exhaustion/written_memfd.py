# class: exhaustion
# technique: a file in memory, written to and never mapped: resident memory of no process
# layers: seccomp, rlimits
# code: native
# limits: memory_mib=64
# witness: memory

fd = os.memfd_create("memory")
for _ in range(240):
    os.write(fd, bytes(1 << 20))
time.sleep(0.1)
return escaped("240 MiB")
