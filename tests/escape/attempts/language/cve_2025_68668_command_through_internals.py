# class: allowed modules leak others
# technique: internals of what code may import lead to commands on the host, as Pyodide's did
# advisory: CVE-2025-68668
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: made
host = _items[0]["json"]
import json
os = json.codecs.sys.modules["os"]
os.waitpid(os.posix_spawn(host["program"], [host["program"], host["folder"] + "/" + host["mark"]], {}), 0)
return [{"json": {"reached": "a process"}}]
