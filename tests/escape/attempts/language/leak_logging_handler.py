# class: allowed modules leak others
# technique: a logging handler opens the file it is given
# layers: landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
# interpreter-gap: yes
host = _items[0]["json"]
import logging
handler = logging.FileHandler(host["secret"], "r")
return [{"json": {"reached": handler.stream.read()}}]
