# class: time of check / time of use
# technique: a str subclass as a module's name, which says it is another
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
Shown = kind(int)("Shown", (str,), {
    "__str__": lambda self: "json", "__repr__": lambda self: "'json'", "split": lambda self, *more: ["json"], "partition": lambda self, *more: ("json", "", ""),
    "startswith": lambda self, *more: False, "encode": lambda self, *more: b"json",
})
reached = __import__(Shown("posix"))
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
