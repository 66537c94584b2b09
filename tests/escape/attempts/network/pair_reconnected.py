# class: network
# technique: a datagram socketpair taken apart, and one end connected elsewhere
# layers: landlock, seccomp, namespaces
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: listener

here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
here.connect("\0" + host["abstract_dgram"])
return escaped(here.send(host["mark"].encode()))
