# class: denied builtins come back
# technique: the module any built-in function is bound to
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
return [{"json": {"reached": len.__self__.open(host["secret"]).read()}}]
