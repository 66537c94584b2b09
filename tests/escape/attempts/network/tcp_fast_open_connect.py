# class: network
# technique: a connection that is put off until the first data, by TCP_FASTOPEN_CONNECT
# layers: landlock, seccomp, namespaces
# kernel: 6.7, Landlock ABI 4
# code: native
# witness: listener

TCP_FASTOPEN_CONNECT = 30
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
s.connect(("127.0.0.1", host["tcp"]))
return escaped(s.send(host["mark"].encode()))
