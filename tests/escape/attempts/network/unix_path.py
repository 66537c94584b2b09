# class: network
# technique: a UNIX socket with a path
# layers: seccomp, identity
# code: native
# witness: listener

s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.connect(host["unix"])
return escaped(s.send(host["mark"].encode()))
