# class: object graph walk
# technique: a forbidden attribute in the value of a type alias
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
type Alias = quit.__init__.__globals__
g = Alias.__value__
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
