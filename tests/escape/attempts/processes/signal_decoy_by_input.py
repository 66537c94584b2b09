# class: other processes
# technique: a signal that the kernel sends when data comes, to an owner it is told
# layers: landlock, seccomp, namespaces
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: decoy

F_SETOWN, F_SETSIG = 8, 10
here, there = socket.socketpair()
call("fcntl", here.fileno(), F_SETOWN, host["decoy"]["inside"])
call("fcntl", here.fileno(), F_SETSIG, signal.SIGUSR1)
call("fcntl", here.fileno(), 4, os.O_ASYNC | os.O_NONBLOCK)
there.send(b"x")
time.sleep(0.05)
return escaped("sent")
