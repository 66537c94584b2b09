# class: network
# technique: a datagram to a UNIX socket with a path
# layers: seccomp, identity
# code: native
# witness: listener

s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
return escaped(s.sendto(host["mark"].encode(), host["unix_dgram"]))
