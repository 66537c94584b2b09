# class: eval-like library code
# technique: a signature evaluates annotations
# layers: landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: secret
# interpreter-gap: yes
host = _items[0]["json"]
import inspect
def hinted(x: "open(path).read()"):
    pass
found = inspect.signature(hinted, globals={"path": host["secret"]}, eval_str=True)
return [{"json": {"reached": found.parameters["x"].annotation}}]
