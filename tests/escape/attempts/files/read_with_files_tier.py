# class: reading files
# technique: read a file in the tier that may read the interpreter's libraries
# layers: landlock, identity
# code: native
# tier: files
# witness: secret

fd = os.open(host["secret"], os.O_RDONLY)
return escaped(os.read(fd, 4096).decode())
