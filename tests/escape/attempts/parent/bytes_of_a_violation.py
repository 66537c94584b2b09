# class: logs
# technique: what the channel does not know, which an error text might show
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
say(host["mark"].encode() + b"\n" + host["mark"].encode() + b"\x1b[2J")
os._exit(0)
