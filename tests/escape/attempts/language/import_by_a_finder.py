# class: import machinery
# technique: importlib's finders
# layers: landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: secret
# interpreter-gap: yes
host = _items[0]["json"]
import importlib.machinery
import importlib.util
spec = importlib.machinery.BuiltinImporter.find_spec("posix")
reached = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reached)
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
