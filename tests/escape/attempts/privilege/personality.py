# class: posture
# technique: switch the randomisation of addresses off
# layers: seccomp
# single: what a process sets about itself only a filter can refuse
# code: native
# witness: kernel

ADDR_NO_RANDOMIZE = 0x40000
call("personality", ADDR_NO_RANDOMIZE)
return escaped("set")
