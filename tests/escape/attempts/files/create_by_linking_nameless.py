# class: changing files
# technique: a file without a name, which linkat gives one
# layers: landlock, seccomp, identity
# code: native
# witness: made

fd = os.open(host["folder"], os.O_RDWR | os.O_TMPFILE, 0o600)
AT_SYMLINK_FOLLOW = 0x400
path = f"{host['folder']}/{host['mark']}".encode()
call("linkat", -100, f"/proc/self/fd/{fd}".encode(), -100, path, AT_SYMLINK_FOLLOW)
return escaped("made")
