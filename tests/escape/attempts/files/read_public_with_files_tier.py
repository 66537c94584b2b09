# class: reading files
# technique: read a file that everybody may read, in the tier that may read the interpreter's libraries
# layers: landlock
# single: this tier has openat for reading, and its child has the right: only Landlock says which files
# code: native
# tier: files
# witness: secret

fd = os.open(host["public"]["secret"], os.O_RDONLY)
return escaped(os.read(fd, 4096).decode())
