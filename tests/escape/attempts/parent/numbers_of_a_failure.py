# class: forged messages
# technique: a failure with lines and items that are none
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
say(frame(20, b'{"kind":"raised","class":"X","message":"a","description":"d","line":18446744073709551615,"item":18446744073709551615,"frames":[{"line":18446744073709551615,"function":"f"}]}'))
os._exit(0)
