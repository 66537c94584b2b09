# class: kernel attack surface
# technique: handle its own page faults by userfaultfd, which holds the kernel up for as long as it likes
# layers: seccomp
# single: no other layer judges this call
# code: native
# witness: kernel

UFFD_USER_MODE_ONLY = 1
return escaped(call("userfaultfd", UFFD_USER_MODE_ONLY) >= 0)
