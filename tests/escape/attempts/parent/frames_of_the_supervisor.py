# class: forged messages
# technique: a task, code and items, as only the supervisor sends them
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
for kind in (1, 2, 3, 4):
    say(frame(kind, b"{}"))
say(frame(19, b"[]"))
os._exit(0)
