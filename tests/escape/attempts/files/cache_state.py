# class: reading files
# technique: ask cachestat which pages of a file others have read
# layers: landlock, seccomp, identity
# kernel: 6.5
# code: native
# witness: kernel

fd = os.open(host["secret"], os.O_RDONLY)
found = buffer(40)
call("cachestat", fd, struct.pack("QQ", 0, 4096), found, 0)
return escaped("page counts")
