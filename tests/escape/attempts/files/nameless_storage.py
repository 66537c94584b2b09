# class: temporary storage
# technique: fill the disk by a file that has no name
# layers: landlock, seccomp, rlimits
# code: native
# witness: kernel

fd = os.open("/tmp", os.O_RDWR | os.O_TMPFILE, 0o600)
return escaped(os.write(fd, bytes(1 << 20)))
