# class: forged messages
# technique: another readiness, as if this were a fresh child
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
say(frame(16, b'{"landlock":{"root":13,"exe":13,"canary":13}}') + frame(19, b"[]"))
os._exit(0)
