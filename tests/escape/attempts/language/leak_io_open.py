# class: allowed modules leak others
# technique: io.open is the built-in
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: secret
host = _items[0]["json"]
import io
with io.open(host["secret"]) as file:
    return [{"json": {"reached": file.read()}}]
