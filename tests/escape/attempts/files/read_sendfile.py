# class: reading files
# technique: sendfile from a file into a socket
# layers: landlock, seccomp, identity
# code: native
# witness: secret

fd = os.open(host["secret"], os.O_RDONLY)
here, there = socket.socketpair()
os.sendfile(here.fileno(), fd, 0, 4096)
return escaped(there.recv(4096).decode())
