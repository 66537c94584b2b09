# class: network
# technique: listen on a TCP port, and connect to it
# layers: landlock, seccomp, namespaces
# kernel: 6.7, Landlock ABI 4
# code: native
# witness: kernel

s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.bind(("127.0.0.1", 0))
s.listen(1)
client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
client.settimeout(1)
client.connect(s.getsockname())
return escaped("somebody came")
