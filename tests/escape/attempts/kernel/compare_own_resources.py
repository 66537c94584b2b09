# class: kernel attack surface
# technique: learn about addresses in the kernel by comparing its own resources
# layers: seccomp
# single: a process may compare its own, and no other layer judges this call
# code: native
# witness: kernel

KCMP_FILES = 2
itself = os.getpid()
return escaped(call("kcmp", itself, itself, KCMP_FILES, 0, 0))
