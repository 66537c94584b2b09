# class: exhaustion
# technique: event counters until there are no more descriptors, in the tier that has them
# layers: rlimits
# single: this tier has the call, and how many descriptors there may be only a limit says
# code: native
# tier: threads
# witness: kernel

for _ in range(500):
    call("eventfd2", 0, 0)
return escaped("500 descriptors")
