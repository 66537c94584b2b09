# class: exhaustion
# technique: the interpreter's heap
# layers: rlimits, supervisor
# code: native
# limits: memory_mib=64
# control: the watch over memory is always on
# witness: memory

kept = []
try:
    for _ in range(40):
        kept.append(bytearray(b"x") * (8 << 20))
except MemoryError:
    return held("MemoryError")
return escaped("320 MiB")
