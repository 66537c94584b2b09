# class: exhaustion
# technique: memory made resident by the one call that maps it, faster than anybody looks
# layers: rlimits, supervisor
# code: native
# limits: memory_mib=64
# control: the watch over memory is always on
# witness: memory

MAP_POPULATE = 0x8000
try:
    call("mmap", 0, 320 << 20, 3, 0x22 | MAP_POPULATE, -1, 0)
except OSError as error:
    return held(refused(error))
time.sleep(0.2)
return escaped("320 MiB")
