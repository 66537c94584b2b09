# class: reading files
# technique: the newer open call, whose flags lie in memory
# layers: landlock, seccomp, identity
# code: native
# witness: secret

how = struct.pack("QQQ", os.O_RDONLY, 0, 0)
fd = call("openat2", -100, host["secret"].encode(), how, len(how))
return escaped(os.read(fd, 4096).decode())
