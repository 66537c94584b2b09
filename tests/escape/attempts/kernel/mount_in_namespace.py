# class: kernel attack surface
# technique: a memory file system of its own, mounted over a folder in a namespace where it may
# layers: landlock, seccomp
# kernel: 5.19, Landlock ABI 2
# code: native
# witness: kernel

CLONE_NEWUSER_NEWNS = 0x10020000
call("unshare", CLONE_NEWUSER_NEWNS)
folder = host["public"]["empty"]
call("mount", b"none", folder.encode(), b"tmpfs", 0, 0)
return escaped("mounted")
