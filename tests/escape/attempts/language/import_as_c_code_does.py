# class: import machinery
# technique: the form in which the interpreter's own C code imports
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
names = {}
reached = __import__("io", names, names, [])
return [{"json": {"reached": reached.open(host["secret"]).read()}}]
