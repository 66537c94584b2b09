# class: object graph walk
# technique: from a literal to a file that is written
# layers: analyzer, interpreter, landlock, seccomp, rlimits, identity
# code: user
# witness: canary
host = _items[0]["json"]
os = quit.__init__.__globals__["sys"].modules["os"]
return [{"json": {"reached": os.write(os.open(host["canary"], 1), b"walked")}}]
