# class: logs
# technique: an exception whose text, class and function begin lines of the log
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
text = "x\\n" + host["mark"] + "\\u001b]0;title\\u0007\\u2028" + host["mark"]
say(frame(20, ('{"kind":"raised","class":"' + text + '","message":"' + text + '","description":"' + text + '","line":1,"item":null,"frames":[{"line":1,"function":"' + text + '"}]}').encode()))
os._exit(0)
