# class: reading files
# technique: make itself dumpable again and read its own memory map
# layers: landlock, seccomp
# code: native
# witness: kernel

PR_SET_DUMPABLE = 4
libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
fd = os.open("/proc/self/maps", os.O_RDONLY)
return escaped("a map" if b"-" in os.read(fd, 4096) else "nothing")
