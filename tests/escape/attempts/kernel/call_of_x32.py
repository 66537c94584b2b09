# class: system-call table tricks
# technique: a call by the x32 table: the same numbers with a high bit
# layers: seccomp
# single: only a filter sees which table a call is for
# code: native
# control: few kernels are built with x32 nowadays
# witness: kernel

answer = raw(0x40000000 | 39)
return escaped("its own number") if answer == os.getpid() else held(errno.errorcode.get(ctypes.get_errno()))
