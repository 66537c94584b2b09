# class: import machinery
# technique: the import function with a constant
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
reached = __import__("posix")
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
