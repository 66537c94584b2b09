# class: other processes
# technique: compare its own resources with another process's
# layers: landlock, seccomp, namespaces
# code: native
# witness: kernel

KCMP_FILE = 0
return escaped(call("kcmp", os.getpid(), host["decoy"]["inside"], KCMP_FILE, 3, 0))
