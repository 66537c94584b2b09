# class: network
# technique: an abstract UNIX socket
# layers: landlock, seccomp, namespaces
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: listener

s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.connect("\0" + host["abstract"])
return escaped(s.send(host["mark"].encode()))
