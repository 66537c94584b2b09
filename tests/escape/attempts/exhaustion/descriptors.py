# class: exhaustion
# technique: descriptors until there are no more
# layers: seccomp, rlimits
# code: native
# witness: kernel

for _ in range(500):
    call("dup", 3)
return escaped("500 descriptors")
