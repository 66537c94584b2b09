# class: changing files
# technique: make a file large without writing to it
# layers: landlock, seccomp, rlimits, identity
# code: native
# witness: canary

fd = os.open(host["canary"], os.O_RDWR)
os.ftruncate(fd, 1 << 20)
return escaped("grown")
