# class: logs
# technique: a print as a frame, with lines, escapes and an imitated mark of user text
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# control: everything user-made is escaped before it is logged, whatever is off
# witness: messages
def frame(kind, payload):
    return bytes([kind]) + struct.pack("<Q", len(payload)) + payload
def say(what):
    while what:
        what = what[os.write(3, what):]
text = "x\\n" + host["mark"] + "\\u001b[2J\\u009b31m\\r" + host["mark"] + " [user code] \\u0000\\u202e"
say(frame(17, ('{"params":["' + text + '"],"text":"' + text + '"}').encode()) + frame(19, b"[]"))
os._exit(0)
