# class: running programs
# technique: a ctypes callback, for which libffi makes code
# layers: seccomp
# single: nothing else judges what is executable
# code: native
# witness: kernel

try:
    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda number: number + 1)
except MemoryError:
    return held("MemoryError")
return escaped(callback(41))
