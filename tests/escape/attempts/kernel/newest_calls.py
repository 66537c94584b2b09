# class: kernel attack surface
# technique: every number behind the last one that is known, with impossible arguments
# layers: seccomp
# single: no other layer judges system calls; an allow list refuses also those that no one has heard of
# code: native
# witness: kernel

taken = []
for number in range(443, 520):
    if raw(number, -1, -1, -1, -1, -1, -1) != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES):
        taken.append(number)
return escaped(taken) if taken else held("none")
