# class: changing files
# technique: make a folder
# layers: landlock, seccomp
# code: native
# witness: made

os.mkdir(host["public"]["folder"] + "/" + host["mark"])
return escaped("made")
