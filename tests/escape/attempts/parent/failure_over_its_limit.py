# class: size limits
# technique: a failure of megabytes
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
    say(frame(20, b'{"kind":"exit","code":"' + b"A" * (4 << 20) + b'","description":""}'))
except OSError:
    pass
os._exit(0)
