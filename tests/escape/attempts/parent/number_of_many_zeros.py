# class: malformed frames
# technique: a number whose exponent is absurd, which is JSON by its grammar
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# control: the supervisor's judgement of what a child says cannot be switched off
# witness: messages
def frame(kind, payload):
    return bytes([kind]) + struct.pack("<Q", len(payload)) + payload
def say(what):
    while what:
        what = what[os.write(3, what):]
say(frame(19, b"[1e999999999, -0.0e-999999999]"))
os._exit(0)
