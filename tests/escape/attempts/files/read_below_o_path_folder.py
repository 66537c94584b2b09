# class: reading files
# technique: a folder opened with O_PATH, and a file opened relative to it
# layers: landlock, seccomp, identity
# code: native
# witness: secret

folder = os.open(host["folder"], os.O_PATH | os.O_DIRECTORY)
fd = os.open(os.path.basename(host["secret"]), os.O_RDONLY, dir_fd=folder)
return escaped(os.read(fd, 4096).decode())
