# class: object graph walk
# technique: a forbidden attribute in the default of a lambda's parameter
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
g = (lambda g=quit.__init__.__globals__: g)()
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
