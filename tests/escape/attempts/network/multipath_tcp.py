# class: network
# technique: a connection by multipath TCP, which falls back to TCP
# layers: seccomp, namespaces
# code: native
# witness: listener

IPPROTO_MPTCP = 262
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
s.connect(("127.0.0.1", host["tcp"]))
return escaped(s.send(host["mark"].encode()))
