# class: exhaustion
# technique: let a mapping grow by mremap
# layers: rlimits, supervisor
# code: native
# limits: memory_mib=64
# control: the watch over memory is always on
# witness: memory

MREMAP_MAYMOVE = 1
size = 4 << 20
at = call("mmap", 0, size, 3, 0x22, -1, 0)
try:
    while size < 256 << 20:
        at = call("mremap", at, size, 2 * size, MREMAP_MAYMOVE, 0)
        ctypes.memset(at + size, 1, size)
        size *= 2
except OSError as error:
    return held(refused(error))
time.sleep(0.2)
return escaped(size)
