# class: denied builtins come back
# technique: eval of a text
# layers: interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
return [{"json": {"reached": eval("open(path).read()", {"path": host["secret"]})}}]
