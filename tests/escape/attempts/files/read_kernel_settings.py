# class: reading files
# technique: read what /proc/sys tells of the kernel
# layers: landlock, seccomp
# code: native
# witness: kernel

fd = os.open("/proc/sys/kernel/osrelease", os.O_RDONLY)
return escaped(os.read(fd, 256).decode())
