# class: attribute access without a dot
# technique: the spec of a module by import-from, and its loader
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
from json import __spec__ as spec
return [{"json": {"reached": spec.loader.get_data(host["secret"]).decode()}}]
