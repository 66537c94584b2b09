# class: exhaustion
# technique: end by a fault of its memory
# layers: supervisor
# single: what a process does to itself nobody can forbid
# code: native
# control: a child that ends without an answer has one made for it
# witness: messages

ctypes.string_at(0)
