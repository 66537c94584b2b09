# class: other processes
# technique: lower another task's priority
# layers: seccomp, identity
# code: native
# witness: decoy

os.setpriority(os.PRIO_PROCESS, host["sibling"]["inside"], 15)
return escaped("lowered")
