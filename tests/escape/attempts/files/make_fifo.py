# class: changing files
# technique: make a named pipe
# layers: landlock, seccomp
# code: native
# witness: made

os.mkfifo(host["public"]["folder"] + "/" + host["mark"])
return escaped("made")
