# class: reading files
# technique: another process's environment in the tier that reads files
# layers: landlock, namespaces
# code: native
# tier: files
# witness: secret

fd = os.open(f"/proc/{host['decoy']['inside']}/environ", os.O_RDONLY)
return escaped(os.read(fd, 65536).decode())
