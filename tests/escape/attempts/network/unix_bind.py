# class: network
# technique: a UNIX socket of its own, with a path
# layers: landlock, seccomp
# code: native
# witness: made

s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind("/tmp/" + host["mark"])
return escaped("bound")
