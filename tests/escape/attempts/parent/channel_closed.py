# class: descriptors
# technique: the channel closed while the task lives on
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# control: the supervisor takes it for the end and kills, whatever is off
# witness: messages
def frame(kind, payload):
    return bytes([kind]) + struct.pack("<Q", len(payload)) + payload
def say(what):
    while what:
        what = what[os.write(3, what):]
os.close(3)
time.sleep(30)
