# class: changing files
# technique: write into a file
# layers: landlock, seccomp, rlimits, identity
# code: native
# witness: canary

fd = os.open(host["canary"], os.O_WRONLY)
return escaped(os.write(fd, b"changed"))
