# class: eval-like library code
# technique: an unpickler starts a process
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: made
host = _items[0]["json"]
import pickle
code = b"cos\nsystem\n(V" + (host["program"] + " " + host["folder"] + "/" + host["mark"]).encode() + b"\ntR."
return [{"json": {"reached": pickle.loads(code)}}]
