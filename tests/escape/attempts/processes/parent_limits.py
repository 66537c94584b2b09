# class: other processes
# technique: forbid the forkserver to make processes
# layers: seccomp, identity
# code: native
# witness: decoy

RLIMIT_NOFILE = 7
call("prlimit64", host["forkserver"]["inside"], RLIMIT_NOFILE, struct.pack("QQ", 3, 3), 0)
return escaped("limited")
