# class: reading files
# technique: through /proc/self/cwd, which is the root folder
# layers: landlock, seccomp, identity
# code: native
# witness: secret

fd = os.open("/proc/self/cwd" + host["secret"], os.O_RDONLY)
return escaped(os.read(fd, 4096).decode())
