# class: posture
# technique: make itself dumpable, so that others may look into it and its /proc files are its own
# layers: seccomp
# single: what a process sets about itself only a filter can refuse
# code: native
# witness: kernel

PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4
call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)
return escaped(call("prctl", PR_GET_DUMPABLE, 0, 0, 0, 0))
