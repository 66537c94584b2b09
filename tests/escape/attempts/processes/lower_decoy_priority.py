# class: other processes
# technique: lower another process's priority
# layers: seccomp, namespaces
# code: native
# witness: decoy

os.setpriority(os.PRIO_PROCESS, host["decoy"]["inside"], 15)
return escaped("lowered")
