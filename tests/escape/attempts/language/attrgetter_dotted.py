# class: attribute access without a dot
# technique: operator.attrgetter with names between dots, none of which is the whole text
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import operator
g = operator.attrgetter('__init__.__globals__')(quit)
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
