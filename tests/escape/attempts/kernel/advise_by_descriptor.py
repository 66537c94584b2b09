# class: kernel attack surface
# technique: process_madvise on itself
# layers: seccomp
# single: a process may do that to itself, and no other layer judges it
# code: native
# witness: kernel

MADV_COLD = 20
itself = call("pidfd_open", os.getpid(), 0)
at = call("mmap", 0, 4096, 3, 0x22, -1, 0)
return escaped(call("process_madvise", itself, struct.pack("QQ", at, 4096), 1, MADV_COLD, 0))
