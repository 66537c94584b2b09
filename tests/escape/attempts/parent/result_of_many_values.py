# class: size limits
# technique: a result of hundreds of thousands of small values, for who builds a tree, from a child that is gone at once
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
say(frame(19, b"[" + b"0," * 300000 + b"0]"))
os._exit(0)
