# class: eval-like library code
# technique: annotations evaluated on request
# layers: interpreter, landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: secret
host = _items[0]["json"]
import inspect
def hinted(x: "open(path).read()"):
    pass
found = inspect.get_annotations(hinted, globals={"path": host["secret"]}, eval_str=True)
return [{"json": {"reached": found["x"]}}]
