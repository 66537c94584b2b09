# class: changing files
# technique: create a file
# layers: landlock, seccomp, identity
# code: native
# witness: made

fd = os.open(host["folder"] + "/" + host["mark"], os.O_WRONLY | os.O_CREAT, 0o600)
return escaped("made")
