# class: eval-like library code
# technique: a string inside a type is a forward reference, evaluated later
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import typing
box = []
def hinted(x: typing.List["box.append(open(path).read()) or int"]):
    pass
typing.get_type_hints(hinted, {"box": box, "path": host["secret"]})
return [{"json": {"reached": box[0]}}]
