# class: malformed frames
# technique: kinds that there are not
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
say(b"\x00" + struct.pack("<Q", 2) + b"{}")
say(bytes(range(22, 256)))
os._exit(0)
