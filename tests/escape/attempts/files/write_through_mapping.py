# class: changing files
# technique: change a file through a shared mapping, which no limit of file sizes sees
# layers: landlock, seccomp, identity
# code: native
# witness: canary

fd = os.open(host["canary"], os.O_RDWR)
with mmap.mmap(fd, 1, flags=mmap.MAP_SHARED) as mapped:
    mapped[0] = ord("X")
return escaped("changed")
