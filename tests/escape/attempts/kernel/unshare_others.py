# class: kernel attack surface
# technique: namespaces for processes, names, IPC, control groups and time
# layers: seccomp
# single: neither Landlock nor limits judge namespaces, and they can be nested
# code: native
# witness: kernel

CLONE_NEWUSER, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID = 0x10000000, 0x02000000, 0x04000000, 0x08000000, 0x20000000
call("unshare", CLONE_NEWUSER | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID)
call("sethostname", b"palisade", 8)
return escaped("namespaces")
