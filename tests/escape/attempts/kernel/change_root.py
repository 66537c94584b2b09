# class: kernel attack surface
# technique: another root folder, in a user namespace where it may
# layers: seccomp
# single: Landlock does not judge chroot; what lies below the new root it does
# code: native
# witness: kernel

CLONE_NEWUSER = 0x10000000
call("unshare", CLONE_NEWUSER)
os.chroot(host["public"]["empty"])
return escaped("another root")
