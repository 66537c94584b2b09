# class: import machinery
# technique: an import in a class body
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
class Holder:
    import posix
reached = Holder.posix
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
