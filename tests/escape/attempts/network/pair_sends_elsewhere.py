# class: network
# technique: sendto from one end of a datagram socketpair to somebody else
# layers: seccomp, identity
# code: native
# witness: listener

here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
return escaped(here.sendto(host["mark"].encode(), host["unix_dgram"]))
