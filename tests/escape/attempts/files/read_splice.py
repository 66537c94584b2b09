# class: reading files
# technique: splice from a file into a pipe
# layers: landlock, seccomp, identity
# code: native
# witness: secret

fd = os.open(host["secret"], os.O_RDONLY)
out, into = os.pipe()
os.splice(fd, into, 4096)
return escaped(os.read(out, 4096).decode())
