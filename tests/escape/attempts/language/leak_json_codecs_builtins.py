# class: allowed modules leak others
# technique: json holds codecs, which holds builtins
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import json
return [{"json": {"reached": json.codecs.builtins.open(host["secret"]).read()}}]
