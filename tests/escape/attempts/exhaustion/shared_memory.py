# class: exhaustion
# technique: memory shared with nobody, which is not anonymous for those who count
# layers: seccomp, rlimits, supervisor
# code: native
# limits: memory_mib=64
# control: the watch over memory is always on
# witness: memory

try:
    for _ in range(40):
        at = call("mmap", 0, 8 << 20, 3, 0x21, -1, 0)
        ctypes.memset(at, 1, 8 << 20)
except OSError as error:
    return held(refused(error))
time.sleep(0.2)
return escaped("320 MiB")
