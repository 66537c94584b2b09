# class: kernel attack surface
# technique: how the host's clock is disciplined, by clock_adjtime
# layers: seccomp
# single: reading it needs no capability, and no other layer judges this call
# code: native
# witness: kernel

return escaped(call("clock_adjtime", 0, buffer(256)) >= 0)
