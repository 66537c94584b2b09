# class: network
# technique: a datagram by UDP, which Landlock does not judge
# layers: seccomp, namespaces
# code: native
# witness: listener

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
return escaped(s.sendto(host["mark"].encode(), ("127.0.0.1", host["udp"])))
