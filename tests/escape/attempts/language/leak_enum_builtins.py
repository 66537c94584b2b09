# class: allowed modules leak others
# technique: enum holds builtins under another name
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import enum
return [{"json": {"reached": enum.bltns.open(host["secret"]).read()}}]
