# class: denied builtins come back
# technique: compile, put into a function
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def read():
    pass
read.__code__ = compile("open(path).read()", "", "eval")
global path
path = host["secret"]
return [{"json": {"reached": read()}}]
