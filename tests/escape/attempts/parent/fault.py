# class: false success
# technique: a memory fault
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# control: no result is an error, whatever is off
# witness: messages
ctypes.string_at(1)
