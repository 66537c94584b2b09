# class: eval-like library code
# technique: a timer compiles the text it is given
# layers: landlock, seccomp, identity
# code: user
# allow: codecs, importlib, inspect, io, linecache, pathlib, pickle, timeit, uuid
# witness: secret
# interpreter-gap: yes
host = _items[0]["json"]
import timeit
box = []
timeit.timeit("box.append(open(path).read())", number=1, globals={"box": box, "path": host["secret"]})
return [{"json": {"reached": box[0]}}]
