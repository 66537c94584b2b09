# class: network
# technique: an abstract UNIX socket of its own
# layers: seccomp
# single: Landlock judges connections to names, not the names; in a network namespace nobody else is there to see it
# code: native
# witness: kernel

s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind("\0" + host["mark"])
s.listen(1)
return escaped("bound")
