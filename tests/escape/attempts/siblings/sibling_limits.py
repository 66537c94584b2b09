# class: other processes
# technique: take another task's processor time away
# layers: seccomp, identity
# code: native
# witness: decoy

RLIMIT_CPU = 0
call("prlimit64", host["sibling"]["inside"], RLIMIT_CPU, struct.pack("QQ", 1, 1), 0)
return escaped("limited")
