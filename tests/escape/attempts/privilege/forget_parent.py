# class: outliving the task
# technique: clear the signal that comes when its parent dies
# layers: seccomp
# single: what a process sets about itself only a filter can refuse
# code: native
# witness: kernel

PR_SET_PDEATHSIG = 1
call("prctl", PR_SET_PDEATHSIG, 0, 0, 0, 0)
return escaped("cleared")
