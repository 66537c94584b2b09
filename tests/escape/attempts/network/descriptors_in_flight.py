# class: kernel attack surface
# technique: descriptors sent in a circle, which the kernel has to collect as garbage
# layers: seccomp
# single: no other layer judges socketpairs
# code: native
# witness: kernel

here, there = socket.socketpair()
socket.send_fds(here, [b"x"], [here.fileno(), there.fileno()])
here.close()
there.close()
return escaped("sent")
