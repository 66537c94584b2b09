# class: task to task
# technique: a lock on a file that others see
# layers: landlock, seccomp, identity
# code: native
# witness: kernel

LOCK_EX_NB = 6
fd = os.open(host["canary"], os.O_RDONLY)
call("flock", fd, LOCK_EX_NB)
return escaped("locked")
