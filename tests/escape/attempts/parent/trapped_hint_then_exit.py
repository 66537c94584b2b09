# class: forged messages
# technique: a hint of a call of an absurd number, and an end
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
say(frame(21, b'{"syscall":-9223372036854775808}'))
os._exit(0)
