# class: other processes
# technique: leave another process one processor
# layers: seccomp, namespaces
# code: native
# witness: decoy

call("sched_setaffinity", host["decoy"]["inside"], 128, b"\x01" + bytes(127))
return escaped("confined")
