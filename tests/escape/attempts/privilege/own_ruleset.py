# class: kernel attack surface
# technique: make a Landlock ruleset of its own
# layers: seccomp
# single: no other layer judges this call
# code: native
# witness: kernel

rules = struct.pack("QQQ", 1, 0, 0)
return escaped(call("landlock_create_ruleset", rules, 8, 0) >= 0)
