# class: denied builtins come back
# technique: globals, and the built-ins in it
# layers: interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
names = globals()
found = [value for name, value in names.items() if name[2:10] == "builtins"][0]
reached = found["open"] if str(found)[0] == "{" else found.open
return [{"json": {"reached": reached(host["secret"]).read()}}]
