# class: other processes
# technique: read another process's environment
# layers: landlock, seccomp, namespaces
# code: native
# witness: secret

fd = os.open(f"/proc/{host['decoy']['pid']}/environ", os.O_RDONLY)
return escaped(os.read(fd, 65536).decode())
