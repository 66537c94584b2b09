# class: exceptions and frames
# technique: the frame of a coroutine
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
async def waiting():
    pass
running = waiting()
g = running.cr_frame.f_builtins["quit"].__init__.__globals__
running.close()
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
