# class: import machinery
# technique: the import function under another name
# layers: interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
take = __import__
reached = take("posix")
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
