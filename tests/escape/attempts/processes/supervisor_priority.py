# class: other processes
# technique: lower the runner's priority
# layers: seccomp, namespaces
# code: native
# witness: decoy

os.setpriority(os.PRIO_PROCESS, host["supervisor"]["inside"], 15)
return escaped("lowered")
