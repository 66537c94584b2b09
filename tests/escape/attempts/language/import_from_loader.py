# class: attribute access without a dot
# technique: the loader of a module by import-from, which reads files
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
from json import __loader__ as loader
return [{"json": {"reached": loader.get_data(host["secret"]).decode()}}]
