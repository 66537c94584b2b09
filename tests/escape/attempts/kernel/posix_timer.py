# class: kernel attack surface
# technique: a timer of the kernel's
# layers: seccomp
# single: no other layer judges this call
# code: native
# witness: kernel

timer = ctypes.c_int()
call("timer_create", 1, 0, ctypes.byref(timer))
return escaped("a timer")
