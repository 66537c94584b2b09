# class: allowed modules leak others
# technique: pathlib writes
# layers: landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: canary
# interpreter-gap: yes
host = _items[0]["json"]
import pathlib
return [{"json": {"reached": pathlib.Path(host["canary"]).write_text("written")}}]
