# class: malformed frames
# technique: the longest result there may be announced, then nothing, for ever
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# limits: timeout_s=1
# control: the supervisor's judgement of what a child says cannot be switched off
# witness: messages
def frame(kind, payload):
    return bytes([kind]) + struct.pack("<Q", len(payload)) + payload
def say(what):
    while what:
        what = what[os.write(3, what):]
say(b"\x13" + struct.pack("<Q", 16 << 20) + b"[")
time.sleep(30)
