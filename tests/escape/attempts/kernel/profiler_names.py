# class: kernel attack surface
# technique: lookup_dcookie, the profiler's names of files
# layers: seccomp, capabilities
# code: native
# control: it needs CAP_SYS_ADMIN, and newer kernels have it no more
# witness: kernel

try:
    call("lookup_dcookie", 0, 0, 0)
except OSError as error:
    return held(refused(error))
return escaped("a name")
