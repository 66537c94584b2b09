# class: kernel attack surface
# technique: NUMA policies
# layers: seccomp
# single: no other layer judges these calls
# code: native
# witness: kernel

MPOL_LOCAL = 4
call("set_mempolicy", MPOL_LOCAL, 0, 0)
at = call("mmap", 0, 4096, 3, 0x22, -1, 0)
call("mbind", at, 4096, MPOL_LOCAL, 0, 0, 0)
return escaped("policies")
