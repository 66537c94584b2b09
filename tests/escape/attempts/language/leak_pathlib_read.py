# class: allowed modules leak others
# technique: pathlib reads and writes
# layers: landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: secret
# interpreter-gap: yes
host = _items[0]["json"]
import pathlib
return [{"json": {"reached": pathlib.Path(host["secret"]).read_text()}}]
