# class: reading files
# technique: a descriptor with O_PATH, which Landlock does not judge, opened once more through /proc/self/fd
# layers: landlock, seccomp, identity
# code: native
# witness: secret

path = os.open(host["secret"], os.O_PATH)
fd = os.open(f"/proc/self/fd/{path}", os.O_RDONLY)
return escaped(os.read(fd, 4096).decode())
