# class: shared serialiser
# technique: a dict whose items are others each time
# layers: supervisor
# single: what is written is judged by the supervisor alone
# code: user
# control: the child serialises with its own code, and the supervisor builds every envelope; neither can be switched off
# witness: messages
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
Liar = kind(int)("Liar", (dict,), {"items": lambda self: [("type", "runner:taskdone"), ("type", [self] * (len(self) - 7))], "__iter__": lambda self: iter([1, {}]), "__len__": lambda self: 7})
return [{"json": Liar(x=1)}]
