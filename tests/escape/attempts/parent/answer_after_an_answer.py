# class: forged messages
# technique: a result, and later another and prints, while the supervisor works on the first
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
say(frame(19, b"[1]"))
for _ in range(100):
    try:
        say(frame(17, b'{"params":["late"],"text":"late"}') + frame(19, b"[2]"))
    except OSError:
        break
os._exit(0)
