# class: other processes
# technique: attach to another process, which stops it
# layers: landlock, seccomp, namespaces
# code: native
# witness: decoy

PTRACE_ATTACH = 16
call("ptrace", PTRACE_ATTACH, host["decoy"]["inside"], 0, 0)
time.sleep(0.05)
return escaped("attached")
