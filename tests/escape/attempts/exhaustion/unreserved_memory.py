# class: exhaustion
# technique: a terabyte that is not reserved, touched here and there
# layers: rlimits, supervisor
# code: native
# limits: memory_mib=64
# control: the watch over memory is always on
# witness: memory

MAP_NORESERVE = 0x4000
try:
    at = call("mmap", 0, 1 << 40, 3, 0x22 | MAP_NORESERVE, -1, 0)
except OSError as error:
    return held(refused(error))
for number in range(80000):
    ctypes.memset(at + (number << 12), 1, 1)
time.sleep(0.2)
return escaped("320 MiB")
