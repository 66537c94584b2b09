# class: network
# technique: a TCP connection by IPv6
# layers: landlock, seccomp, namespaces
# kernel: 6.7, Landlock ABI 4
# code: native
# witness: listener

s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
s.connect(("::1", host["tcp6"]))
return escaped(s.send(host["mark"].encode()))
