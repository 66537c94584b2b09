# class: allowed modules leak others
# technique: linecache reads any file as source
# layers: landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: secret
# interpreter-gap: yes
host = _items[0]["json"]
import linecache
return [{"json": {"reached": "".join(linecache.getlines(host["secret"])) or None}}]
