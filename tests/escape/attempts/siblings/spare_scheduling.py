# class: task to task
# technique: run the next task only when nobody else wants to
# layers: seccomp, identity
# code: native
# witness: kernel

SCHED_IDLE = 5
for spare in others():
    call("sched_setscheduler", spare["inside"], SCHED_IDLE, struct.pack("i", 0))
return escaped("idle")
