# class: kernel attack surface
# technique: a context for the older asynchronous input and output
# layers: seccomp
# single: no other layer judges this call
# code: native
# witness: kernel

context = ctypes.c_ulong(0)
call("io_setup", 1, ctypes.byref(context))
return escaped("a context")
