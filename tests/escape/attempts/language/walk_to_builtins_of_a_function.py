# class: object graph walk
# technique: the built-ins a library function carries
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import json
return [{"json": {"reached": json.dumps.__builtins__["open"](host["secret"]).read()}}]
