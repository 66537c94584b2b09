# class: descriptors
# technique: hundreds of descriptors passed with bytes of a frame
# layers: seccomp, supervisor
# code: native
# control: the supervisor reads bytes and takes no descriptors, whatever is off
# witness: messages
def frame(kind, payload):
    return bytes([kind]) + struct.pack("<Q", len(payload)) + payload
def say(what):
    while what:
        what = what[os.write(3, what):]
body = frame(19, b"[]")
text = buffer(body[:1])
vector = buffer(struct.pack("<QQ", address(text), 1))
control = buffer(struct.pack("<Qii", 16 + 4 * 250, socket.SOL_SOCKET, socket.SCM_RIGHTS) + struct.pack("<i", 3) * 250 + bytes(8))
message = buffer(struct.pack("<QQQQQQQ", 0, 0, address(vector), 1, address(control), 16 + 4 * 250, 0))
try:
    call("sendmsg", 3, message, 0)
except OSError as error:
    return held(refused(error))
say(body[1:])
os._exit(0)
