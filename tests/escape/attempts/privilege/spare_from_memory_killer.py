# class: posture
# technique: make itself the last one the kernel ends when memory is short
# layers: landlock, seccomp
# code: native
# witness: kernel

PR_SET_DUMPABLE = 4
libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
fd = os.open("/proc/self/oom_score_adj", os.O_RDWR)
os.write(fd, b"900")
return escaped(os.pread(fd, 16, 0).decode().strip())
