# class: reading files
# technique: open and read a file of the runner's user by its path
# layers: landlock, seccomp, identity
# code: native
# witness: secret

fd = os.open(host["secret"], os.O_RDONLY)
return escaped(os.read(fd, 4096).decode())
