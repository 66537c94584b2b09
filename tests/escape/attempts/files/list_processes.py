# class: reading files
# technique: find other processes in /proc
# layers: landlock, seccomp, namespaces
# code: native
# witness: kernel

numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
return escaped("the decoy") if host["decoy"]["pid"] in numbers else held("no decoy")
