# class: network
# technique: a TCP connection to an IPv4 address in the clothes of IPv6
# layers: landlock, seccomp, namespaces
# kernel: 6.7, Landlock ABI 4
# code: native
# witness: listener

s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
s.connect(("::ffff:127.0.0.1", host["tcp"]))
return escaped(s.send(host["mark"].encode()))
