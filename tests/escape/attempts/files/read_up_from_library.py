# class: reading files
# technique: climb from a folder that may be read by dots
# layers: landlock, identity
# code: native
# tier: files
# witness: secret

up = os.path.dirname(host["library"]) + "/.." * 40
fd = os.open(up + host["secret"], os.O_RDONLY)
return escaped(os.read(fd, 4096).decode())
