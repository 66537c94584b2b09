# class: kernel attack surface
# technique: uretprobe, a call of x86_64 that the kernel shows to no filter
# layers: supervisor
# single: the kernel takes it from its own trampolines only, and ends everybody else
# kernel: 6.11
# code: native
# control: the kernel ends whoever makes this call from anywhere but its trampolines
# witness: kernel

answer = raw(335, -1, -1, -1, -1, -1, -1)
return escaped("done") if answer != -1 else held(errno.errorcode.get(ctypes.get_errno()))
