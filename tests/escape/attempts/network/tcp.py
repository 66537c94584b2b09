# class: network
# technique: a TCP connection
# layers: landlock, seccomp, namespaces
# kernel: 6.7, Landlock ABI 4
# code: native
# witness: listener

s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.connect(("127.0.0.1", host["tcp"]))
return escaped(s.send(host["mark"].encode()))
