# class: descriptors
# technique: a process of its own that holds the channel open after the task's end
# layers: seccomp, supervisor
# code: native
# control: the end of the task's process is the end of the task, and the forkserver ends what is left, whatever is off
# witness: processes
def frame(kind, payload):
    return bytes([kind]) + struct.pack("<Q", len(payload)) + payload
def say(what):
    while what:
        what = what[os.write(3, what):]
try:
    child = call("clone", 0, 0, 0, 0, 0)
except OSError as error:
    return held(refused(error))
if child == 0:
    time.sleep(8)
os._exit(0)
