# class: import machinery
# technique: a name imported from a module that is not allowed
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
from os import open as opened, read
return [{"json": {"reached": read(opened(host["secret"], 0), 4096).decode()}}]
