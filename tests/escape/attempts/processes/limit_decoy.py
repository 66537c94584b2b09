# class: other processes
# technique: take another process's files away, by its limits
# layers: seccomp, namespaces
# code: native
# witness: decoy

RLIMIT_NOFILE = 7
call("prlimit64", host["decoy"]["inside"], RLIMIT_NOFILE, struct.pack("QQ", 3, 3), 0)
return escaped("limited")
