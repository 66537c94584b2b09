# class: malformed frames
# technique: half a header, then nothing, for ever
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
say(b"\x13\x05")
time.sleep(30)
