# class: forged messages
# technique: a result with the keys of an envelope, some twice
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
say(frame(19, b'[{"type":"runner:taskdone","taskId":"other","taskId":"more","json":1,"json":2,"__proto__":{"x":1}}]'))
os._exit(0)
