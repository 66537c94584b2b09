# class: size limits
# technique: the longest result there may be, of many small values, for who builds a tree
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# control: the supervisor's judgement of what a child says cannot be switched off
# witness: memory
def frame(kind, payload):
    return bytes([kind]) + struct.pack("<Q", len(payload)) + payload
def say(what):
    while what:
        what = what[os.write(3, what):]
say(frame(19, b"[" + b"0," * 200000 + b" " * ((16 << 20) - 400003) + b"0]"))
os._exit(0)
