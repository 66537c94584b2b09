# class: eval-like library code
# technique: a signature evaluates annotations
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: secret
host = _items[0]["json"]
import inspect
def hinted(x: "open(path).read()"):
    pass
found = inspect.signature(hinted, globals={"path": host["secret"]}, eval_str=True)
return [{"json": {"reached": found.parameters["x"].annotation}}]
