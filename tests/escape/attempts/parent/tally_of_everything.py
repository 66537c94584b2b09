# class: size limits
# technique: tallies whose sum no number holds
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
say(frame(18, b'{"omitted_prints":18446744073709551615}') * 2 + frame(19, b"[]"))
os._exit(0)
