# class: allowed modules leak others
# technique: the spec of a module by its attribute
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import json
return [{"json": {"reached": json.__spec__.loader.get_data(host["secret"]).decode()}}]
