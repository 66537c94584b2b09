# class: allowed modules leak others
# technique: uuid holds os, which starts processes
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: made
host = _items[0]["json"]
import uuid
uuid.os.waitpid(uuid.os.posix_spawn(host["program"], [host["program"], host["folder"] + "/" + host["mark"]], {}), 0)
return [{"json": {"reached": "a process"}}]
