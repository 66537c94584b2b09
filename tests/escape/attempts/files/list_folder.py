# class: reading files
# technique: list a folder
# layers: landlock, seccomp, identity
# code: native
# witness: kernel

return escaped(sorted(os.listdir(host["folder"])))
