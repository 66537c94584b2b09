# class: reading files
# technique: through /proc/self/root
# layers: landlock, seccomp, identity
# code: native
# witness: secret

fd = os.open("/proc/self/root" + host["secret"], os.O_RDONLY)
return escaped(os.read(fd, 4096).decode())
