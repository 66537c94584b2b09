# class: allowed modules leak others
# technique: contextlib holds os
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import contextlib
found = contextlib.os.sys
reached = found.modules["posix"]
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
