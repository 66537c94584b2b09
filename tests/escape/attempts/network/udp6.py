# class: network
# technique: a datagram by UDP and IPv6
# layers: seccomp, namespaces
# code: native
# witness: listener

s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
return escaped(s.sendto(host["mark"].encode(), ("::1", host["udp6"])))
