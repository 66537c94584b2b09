# class: running programs
# technique: write a program to a file, and execute it
# layers: landlock, seccomp, identity
# code: native
# witness: kernel

path = host["folder"] + "/" + host["mark"]
fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o700)
os.write(fd, b"#!/bin/sh\nexit 42\n")
os.fchmod(fd, 0o700)
os.close(fd)
child = os.fork()
if child == 0:
    try:
        os.execv(path, [path])
    finally:
        os._exit(1)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
os.unlink(path)
return escaped(status) if status == 42 else held(status)
