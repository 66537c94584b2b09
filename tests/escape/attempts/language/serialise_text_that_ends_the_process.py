# class: shared serialiser
# technique: an object whose text is asked for and ends the process
# layers: supervisor
# single: what is written is judged by the supervisor alone
# code: user
# control: the child serialises with its own code, and the supervisor builds every envelope; neither can be switched off
# witness: messages
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
def leave(self):
    raise SystemExit(0)
Ender = kind(int)("Ender", (), {"__str__": leave})
return [{"json": {"x": Ender()}}]
