# class: posture
# technique: have its own system calls delivered to itself, by syscall user dispatch
# layers: seccomp
# single: what a process sets about itself only a filter can refuse
# code: native
# witness: kernel

PR_SET_SYSCALL_USER_DISPATCH, OFF = 59, 0
call("prctl", PR_SET_SYSCALL_USER_DISPATCH, OFF, 0, 0, 0)
return escaped("set")
