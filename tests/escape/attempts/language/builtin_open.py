# class: denied builtins come back
# technique: open itself
# layers: interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
return [{"json": {"reached": open(host["secret"]).read()}}]
