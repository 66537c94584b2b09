# class: import machinery
# technique: an import that is not allowed
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
import posix as reached
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
