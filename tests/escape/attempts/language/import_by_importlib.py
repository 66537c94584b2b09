# class: import machinery
# technique: importlib.import_module
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: secret
host = _items[0]["json"]
import importlib
reached = importlib.import_module("posix")
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
