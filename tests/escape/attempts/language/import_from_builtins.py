# class: attribute access without a dot
# technique: an attribute of a module by import-from
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
from json import __builtins__ as all_of_them
return [{"json": {"reached": all_of_them["open"](host["secret"]).read()}}]
