# class: other processes
# technique: leave another task one processor
# layers: seccomp, identity
# code: native
# witness: decoy

call("sched_setaffinity", host["sibling"]["inside"], 128, b"\x01" + bytes(127))
return escaped("confined")
