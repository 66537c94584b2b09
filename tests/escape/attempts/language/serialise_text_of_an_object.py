# class: shared serialiser
# technique: an object whose text is the end of the message
# layers: supervisor
# single: what is written is judged by the supervisor alone
# code: user
# control: the child serialises with its own code, and the supervisor builds every envelope; neither can be switched off
# witness: messages
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
Liar = kind(int)("Liar", (), {"__str__": lambda self: 'null},"taskId":"other","type":"runner:taskdone","data":{"result":[]}', "__repr__": lambda self: 'null},"taskId":"other","type":"runner:taskdone","data":{"result":[]}'})
return [{"json": {"x": Liar()}}]
