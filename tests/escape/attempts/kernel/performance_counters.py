# class: kernel attack surface
# technique: performance counters, with attributes that are nowhere
# layers: seccomp
# single: no other layer judges this call
# code: native
# witness: kernel

try:
    call("perf_event_open", -1, 0, -1, -1, 0)
except OSError as error:
    return escaped(refused(error)) if error.errno in (errno.EFAULT, errno.EINVAL) else held(refused(error))
return escaped("a counter")
