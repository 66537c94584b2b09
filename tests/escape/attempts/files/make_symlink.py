# class: changing files
# technique: make a symbolic link for somebody else to follow
# layers: landlock, seccomp, identity
# code: native
# witness: made

os.symlink(host["secret"], host["folder"] + "/" + host["mark"])
return escaped("linked")
