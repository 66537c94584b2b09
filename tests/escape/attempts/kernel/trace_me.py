# class: kernel attack surface
# technique: let its parent trace it
# layers: seccomp
# single: a process may always be traced by its own parent, and no other layer judges that
# code: native
# witness: kernel

PTRACE_TRACEME = 0
call("ptrace", PTRACE_TRACEME, 0, 0, 0)
return escaped("traced")
