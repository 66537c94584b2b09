# class: kernel attack surface
# technique: push characters into the runner's terminal
# layers: landlock, seccomp, supervisor
# code: native
# control: the forkserver has a session of its own, and so no terminal
# witness: kernel

TIOCSTI = 0x5412
answers = []
try:
    terminal = os.open("/dev/tty", os.O_RDWR)
    call("ioctl", terminal, TIOCSTI, b"x")
except OSError as error:
    return held(refused(error))
return escaped("pushed")
