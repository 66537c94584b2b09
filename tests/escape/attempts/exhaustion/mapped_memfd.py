# class: exhaustion
# technique: a file in memory, mapped and touched
# layers: seccomp, rlimits, supervisor
# code: native
# limits: memory_mib=64
# control: the watch over memory is always on
# witness: memory

fd = os.memfd_create("memory")
os.ftruncate(fd, 320 << 20)
at = call("mmap", 0, 320 << 20, 3, 1, fd, 0)
os.close(fd)
ctypes.memset(at, 1, 320 << 20)
time.sleep(0.2)
return escaped("320 MiB")
