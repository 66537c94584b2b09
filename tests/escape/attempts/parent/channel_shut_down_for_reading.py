# class: descriptors
# technique: the channel shut down for reading, then a result
# layers: seccomp, supervisor
# code: native
# control: the supervisor's judgement of what a child says cannot be switched off
# witness: messages
def frame(kind, payload):
    return bytes([kind]) + struct.pack("<Q", len(payload)) + payload
def say(what):
    while what:
        what = what[os.write(3, what):]
try:
    call("shutdown", 3, 0)
except OSError as error:
    return held(refused(error))
say(frame(19, b"[]"))
os._exit(0)
