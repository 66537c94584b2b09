# class: reading files
# technique: a clone of a mount that hangs nowhere, and a file below it
# layers: landlock, seccomp
# code: native
# witness: secret

CLONE_NEWUSER_NEWNS, OPEN_TREE_CLONE = 0x10020000, 1
call("unshare", CLONE_NEWUSER_NEWNS)
tree = call("open_tree", -100, host["public"]["folder"].encode(), OPEN_TREE_CLONE | os.O_CLOEXEC)
fd = os.open(os.path.basename(host["public"]["secret"]), os.O_RDONLY, dir_fd=tree)
return escaped(os.read(fd, 4096).decode())
