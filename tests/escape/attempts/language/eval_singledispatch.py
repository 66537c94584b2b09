# class: eval-like library code
# technique: registering a function by its string annotation
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import functools
import json
box = []
@functools.singledispatch
def dispatched(x):
    pass
def hinted(x: "found.append(codecs.builtins.open(path).read()) or int") -> None:
    pass
global found, path, codecs
found, path, codecs = box, host["secret"], json.codecs
dispatched.register(hinted)
return [{"json": {"reached": box[0]}}]
