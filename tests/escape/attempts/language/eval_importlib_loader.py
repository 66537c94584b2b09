# class: eval-like library code
# technique: a loader of importlib reads any file
# layers: landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: secret
# interpreter-gap: yes
host = _items[0]["json"]
import importlib.machinery
return [{"json": {"reached": importlib.machinery.SourceFileLoader("secret", host["secret"]).get_data(host["secret"]).decode()}}]
