# class: network
# technique: a datagram to an abstract UNIX socket
# layers: landlock, seccomp, namespaces
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: listener

s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
return escaped(s.sendto(host["mark"].encode(), "\0" + host["abstract_dgram"]))
