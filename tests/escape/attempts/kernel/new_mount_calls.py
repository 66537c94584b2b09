# class: temporary storage
# technique: a memory file system by fsopen, fsconfig and fsmount, and the folder it is
# layers: landlock, seccomp
# code: native
# witness: kernel

CLONE_NEWUSER_NEWNS, FSCONFIG_CMD_CREATE = 0x10020000, 6
call("unshare", CLONE_NEWUSER_NEWNS)
system = call("fsopen", b"tmpfs", 0)
call("fsconfig", system, FSCONFIG_CMD_CREATE, 0, 0, 0)
tree = call("fsmount", system, 0, 0)
os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=tree)
return escaped("a file system")
