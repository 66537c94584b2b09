# class: size limits
# technique: more prints than the policy has
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
try:
    for _ in range(1000):
        say(frame(17, b'{"params":["a"],"text":"a"}'))
    say(frame(19, b"[]"))
except OSError:
    pass
os._exit(0)
