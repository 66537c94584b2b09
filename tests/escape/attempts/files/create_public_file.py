# class: changing files
# technique: create a file where everybody may
# layers: landlock, seccomp
# code: native
# witness: made

fd = os.open(host["public"]["folder"] + "/" + host["mark"], os.O_WRONLY | os.O_CREAT, 0o600)
return escaped("made")
