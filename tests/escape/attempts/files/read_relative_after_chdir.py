# class: reading files
# technique: change the working directory, which Landlock does not judge, and open a relative path
# layers: landlock, seccomp, identity
# code: native
# witness: secret

os.chdir(host["folder"])
fd = os.open("./" + os.path.basename(host["secret"]), os.O_RDONLY)
return escaped(os.read(fd, 4096).decode())
