# class: reading files
# technique: map a file
# layers: landlock, seccomp, identity
# code: native
# witness: secret

fd = os.open(host["secret"], os.O_RDONLY)
with mmap.mmap(fd, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) as mapped:
    return escaped(mapped[:].decode())
