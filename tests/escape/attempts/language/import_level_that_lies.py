# class: time of check / time of use
# technique: a level that is zero when it is compared and one when it is used
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
Level = kind(int)("Level", (int,), {"__eq__": lambda self, other: other == 0, "__hash__": lambda self: 0, "__gt__": lambda self, other: False, "__lt__": lambda self, other: False})
reached = __import__("path", {"__package__": "os", "__name__": "os"}, None, ("nothing",), Level(1)).os
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
