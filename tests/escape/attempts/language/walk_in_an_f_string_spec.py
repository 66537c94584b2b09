# class: object graph walk
# technique: a forbidden attribute in a field nested in the format spec of an f-string
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
f"{1:{(g := quit.__init__.__globals__) and 3}}"
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
