# class: shared serialiser
# technique: a str that encodes itself
# layers: supervisor
# single: what is written is judged by the supervisor alone
# code: user
# control: the child serialises with its own code, and the supervisor builds every envelope; neither can be switched off
# witness: messages
def kind(x):
    return classmethod(lambda c: c).__get__(x)()
Liar = kind(int)("Liar", (str,), {"__str__": lambda self: 'null},"taskId":"other","type":"runner:taskdone","data":{"result":[]}', "encode": lambda self, *a: 'null},"taskId":"other","type":"runner:taskdone","data":{"result":[]}'.encode(), "__len__": lambda self: 10 ** 9})
return [{"json": {Liar("x"): Liar("y")}}]
