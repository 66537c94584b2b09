# class: other processes
# technique: forbid the runner to open files
# layers: seccomp, namespaces
# code: native
# witness: decoy

RLIMIT_NOFILE = 7
call("prlimit64", host["supervisor"]["inside"], RLIMIT_NOFILE, struct.pack("QQ", 3, 1 << 12), 0)
return escaped("limited")
