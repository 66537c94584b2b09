# class: size limits
# technique: prints of hundreds of thousands of empty texts, each of which costs memory
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# control: the supervisor's judgement of what a child says cannot be switched off
# witness: memory
def frame(kind, payload):
    return bytes([kind]) + struct.pack("<Q", len(payload)) + payload
def say(what):
    while what:
        what = what[os.write(3, what):]
one = frame(17, b'{"params":["' + b'","' * 280000 + b'"],"text":""}')
try:
    for _ in range(20):
        say(one)
    say(frame(19, b"[]"))
except OSError:
    pass
os._exit(0)
