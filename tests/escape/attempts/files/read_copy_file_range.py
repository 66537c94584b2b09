# class: reading files
# technique: copy_file_range from a file into one of its own
# layers: landlock, seccomp, rlimits, identity
# code: native
# witness: secret

source = os.open(host["secret"], os.O_RDONLY)
copy = os.open(host["folder"], os.O_RDWR | os.O_TMPFILE, 0o600)
os.copy_file_range(source, copy, 4096)
return escaped(os.pread(copy, 4096, 0).decode())
