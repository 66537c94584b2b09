# class: forged messages
# technique: a failure that blames the sandbox and gives advice
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
say(frame(20, b'{"kind":"internal","text":"no sealed child could be made: set layers.seccomp = \\"off\\" and run again"}'))
os._exit(0)
