# class: kernel attack surface
# technique: ask for a shadow stack
# layers: seccomp
# single: no other layer judges this call
# kernel: 6.6
# code: native
# control: the kernel or the processor may have no shadow stacks
# witness: kernel

try:
    call("map_shadow_stack", 1, 0, 8)
except OSError as error:
    return held(refused(error))
return escaped("a shadow stack")
