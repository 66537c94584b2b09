# class: reading files
# technique: how much shared memory the host has
# layers: seccomp
# single: Landlock does not judge System V IPC, and an IPC namespace answers for itself
# code: native
# witness: kernel

SHM_INFO = 14
return escaped(call("shmctl", 0, SHM_INFO, buffer(256)) >= 0)
