# class: kernel attack surface
# technique: seal a mapping, so that nobody can take it away
# layers: seccomp
# single: no other layer judges this call
# kernel: 6.10
# code: native
# witness: kernel

at = call("mmap", 0, 4096, 3, 0x22, -1, 0)
call("mseal", at, 4096, 0)
return escaped("sealed")
