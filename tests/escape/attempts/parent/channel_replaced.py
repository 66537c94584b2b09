# class: descriptors
# technique: another socket under the channel's number
# layers: seccomp, supervisor
# code: native
# control: the supervisor's end is closed with it, whatever is off
# witness: messages
def frame(kind, payload):
    return bytes([kind]) + struct.pack("<Q", len(payload)) + payload
def say(what):
    while what:
        what = what[os.write(3, what):]
try:
    ours, theirs = socket.socketpair()
    os.dup2(ours.fileno(), 3)
except OSError as error:
    return held(refused(error))
return held("replaced")
