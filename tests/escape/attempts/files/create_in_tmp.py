# class: changing files
# technique: create a file in /tmp
# layers: landlock, seccomp
# code: native
# witness: made

fd = os.open("/tmp/" + host["mark"], os.O_WRONLY | os.O_CREAT, 0o600)
return escaped("made")
