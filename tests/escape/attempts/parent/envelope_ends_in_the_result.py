# class: forged messages
# technique: a result that closes the message it is put into and goes on with another task's id
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
say(frame(19, b'[]},"taskId":"' + host["mark"].encode() + b'","type":"runner:taskdone","x":{"a":1}'))
os._exit(0)
