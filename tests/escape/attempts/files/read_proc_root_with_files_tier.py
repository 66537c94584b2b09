# class: reading files
# technique: /proc/self/root in the tier that reads files
# layers: landlock, identity
# code: native
# tier: files
# witness: secret

fd = os.open("/proc/self/root" + host["secret"], os.O_RDONLY)
return escaped(os.read(fd, 4096).decode())
