# class: false success
# technique: an end with status 0 in the middle of a result
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# control: no result is an error, whatever is off
# witness: messages
def frame(kind, payload):
    return bytes([kind]) + struct.pack("<Q", len(payload)) + payload
def say(what):
    while what:
        what = what[os.write(3, what):]
say(frame(19, b'[{"json":{}}]')[:15])
os._exit(0)
