# class: shared serialiser
# technique: a list that is emptied while it is written
# layers: supervisor
# single: what is written is judged by the supervisor alone
# code: user
# control: the child serialises with its own code, and the supervisor builds every envelope; neither can be switched off
# witness: messages
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
many = [0] * 1000
Emptier = kind(int)("Emptier", (), {"__str__": lambda self: many.clear() or "gone"})
many[1:1] = [Emptier()]
return [{"json": {"x": many}}]
