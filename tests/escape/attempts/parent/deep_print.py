# class: malformed frames
# technique: a print nested deep, for a parser that recurses
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
say(frame(17, b'{"params":["a"],"text":"x","y":' + b"[" * 300000 + b"]" * 300000 + b"}") + frame(19, b"[]"))
os._exit(0)
