# class: kernel attack surface
# technique: a classic BPF program on a socket, which the kernel compiles
# layers: seccomp
# single: no other layer judges socketpair and its options
# code: native
# witness: kernel

here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
accept = buffer(struct.pack("HBBI", 6, 0, 0, 0xffffffff))
here.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HxxxxxxQ", 1, address(accept)))
return escaped("a program")
