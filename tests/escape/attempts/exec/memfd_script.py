# class: running programs
# technique: execute a script in a memfd, and with it the shell its first line names
# layers: landlock, seccomp, rlimits
# code: native
# witness: made

fd = os.memfd_create("script", 0)
os.write(fd, b'#!/bin/sh\nmkdir "$1"\n')
os.execv(f"/proc/self/fd/{fd}", ["script", host["public"]["folder"] + "/" + host["mark"]])
