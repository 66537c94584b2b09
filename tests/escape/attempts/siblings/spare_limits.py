# class: task to task
# technique: forbid the next task to have memory
# layers: seccomp, identity
# code: native
# witness: kernel

RLIMIT_AS = 9
for spare in others():
    call("prlimit64", spare["inside"], RLIMIT_AS, 0, buffer(16))
    # What it has, set once more: harmless, and as good as any other value.
    had = buffer(16)
    call("prlimit64", spare["inside"], RLIMIT_AS, 0, had)
    call("prlimit64", spare["inside"], RLIMIT_AS, had, 0)
return escaped("set")
