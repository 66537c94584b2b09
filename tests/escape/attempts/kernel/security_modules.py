# class: kernel attack surface
# technique: ask which security modules the kernel has
# layers: seccomp
# single: no other layer judges this call
# kernel: 6.8
# code: native
# witness: kernel

found, size = buffer(8 * 16), ctypes.c_uint32(8 * 16)
return escaped(call("lsm_list_modules", found, ctypes.byref(size), 0) >= 0)
