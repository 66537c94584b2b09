# class: denied builtins come back
# technique: the module builtins by the import function
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
return [{"json": {"reached": __import__("built" + "ins").open(host["secret"]).read()}}]
