# class: descriptors
# technique: the channel shut down for writing while the task lives on
# layers: seccomp, supervisor
# code: native
# control: the supervisor takes it for the end and kills, whatever is off
# witness: messages
def frame(kind, payload):
    return bytes([kind]) + struct.pack("<Q", len(payload)) + payload
def say(what):
    while what:
        what = what[os.write(3, what):]
try:
    call("shutdown", 3, 1)
except OSError as error:
    return held(refused(error))
time.sleep(30)
