# class: other processes
# technique: run another process only when nobody else wants to
# layers: seccomp, namespaces
# code: native
# witness: decoy

SCHED_IDLE = 5
call("sched_setscheduler", host["decoy"]["inside"], SCHED_IDLE, struct.pack("i", 0))
return escaped("idle")
