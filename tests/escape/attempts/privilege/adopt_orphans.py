# class: posture
# technique: become the one that adopts orphans
# layers: seccomp
# single: what a process sets about itself only a filter can refuse
# code: native
# witness: kernel

PR_SET_CHILD_SUBREAPER = 36
call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
return escaped("adopter")
