# class: exhaustion
# technique: map and touch memory until somebody says no
# layers: rlimits, supervisor
# code: native
# limits: memory_mib=64
# control: the watch over memory is always on
# witness: memory

try:
    for _ in range(40):
        at = call("mmap", 0, 8 << 20, 3, 0x22, -1, 0)
        ctypes.memset(at, 1, 8 << 20)
except OSError as error:
    return held(refused(error))
return escaped("320 MiB")
