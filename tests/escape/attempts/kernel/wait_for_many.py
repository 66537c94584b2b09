# class: kernel attack surface
# technique: futex_waitv, with impossible arguments
# layers: seccomp
# single: no other layer judges this call
# code: native
# witness: kernel

try:
    call("futex_waitv", 0, 0, 0, 0, 0)
except OSError as error:
    return escaped(refused(error)) if error.errno == errno.EINVAL else held(refused(error))
return escaped("done")
