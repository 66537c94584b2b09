# class: exhaustion
# technique: memory that cannot be swapped out
# layers: seccomp, rlimits
# code: native
# witness: kernel

at = call("mmap", 0, 65536, 3, 0x22, -1, 0)
call("mlock", at, 65536)
return escaped("locked")
