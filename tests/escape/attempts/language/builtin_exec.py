# class: denied builtins come back
# technique: exec of a text
# layers: interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
box = []
exec("box.append(open(path).read())", {"path": host["secret"], "box": box})
return [{"json": {"reached": box[0]}}]
