# class: kernel attack surface
# technique: register with an io_uring that is none
# layers: seccomp
# single: no other layer judges this call
# code: native
# witness: kernel

try:
    call("io_uring_register", -1, 8, 0, 1)
except OSError as error:
    return escaped(refused(error)) if error.errno in (errno.EBADF, errno.EINVAL) else held(refused(error))
return escaped("done")
