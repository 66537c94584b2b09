# class: changing files
# technique: create a file relative to a folder opened with O_PATH
# layers: landlock, seccomp, identity
# code: native
# witness: made

folder = os.open(host["folder"], os.O_PATH | os.O_DIRECTORY)
fd = os.open(host["mark"], os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=folder)
return escaped("made")
