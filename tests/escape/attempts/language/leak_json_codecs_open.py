# class: allowed modules leak others
# technique: json holds codecs, whose open is public
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import json
with json.codecs.open(host["secret"]) as file:
    return [{"json": {"reached": file.read()}}]
