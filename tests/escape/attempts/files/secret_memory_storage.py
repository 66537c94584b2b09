# class: temporary storage
# technique: memory that not even the kernel maps, by memfd_secret
# layers: seccomp, rlimits
# kernel: 6.5
# code: native
# witness: kernel

fd = call("memfd_secret", 0)
os.ftruncate(fd, 1 << 16)
with mmap.mmap(fd, 1 << 16, flags=mmap.MAP_SHARED) as mapped:
    mapped[0] = 1
return escaped("memory")
