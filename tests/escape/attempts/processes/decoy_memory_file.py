# class: other processes
# technique: read another process's memory by its file in /proc
# layers: landlock, seccomp, namespaces
# code: native
# witness: secret

fd = os.open(f"/proc/{host['decoy']['pid']}/mem", os.O_RDONLY)
return escaped(os.pread(fd, host["decoy"]["length"], host["decoy"]["address"]).decode())
