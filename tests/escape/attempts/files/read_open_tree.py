# class: reading files
# technique: open_tree in place of open for the folder
# layers: landlock, seccomp, identity
# code: native
# witness: secret

folder = call("open_tree", -100, host["folder"].encode(), os.O_CLOEXEC)
fd = os.open(os.path.basename(host["secret"]), os.O_RDONLY, dir_fd=folder)
return escaped(os.read(fd, 4096).decode())
