# class: descriptors
# technique: the channel filled as far as the result may go, and never the last byte
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
say(b"\x13" + struct.pack("<Q", 8 << 20) + b"[" + b" " * ((8 << 20) - 2))
time.sleep(30)
