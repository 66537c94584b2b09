# class: kernel attack surface
# technique: put a filter of its own on itself, and make the C library believe what it likes
# layers: seccomp
# single: no other layer judges this call
# code: native
# witness: kernel

SECCOMP_GET_ACTION_AVAIL = 2
SECCOMP_RET_TRACE = 0x7ff00000
call("seccomp", SECCOMP_GET_ACTION_AVAIL, 0, struct.pack("I", SECCOMP_RET_TRACE))
return escaped("available")
