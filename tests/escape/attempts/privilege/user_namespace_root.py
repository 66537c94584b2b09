# class: posture
# technique: all capabilities in a user namespace of its own
# layers: seccomp
# single: a user namespace can be nested, and neither Landlock nor limits judge it
# code: native
# witness: kernel

CLONE_NEWUSER = 0x10000000
call("unshare", CLONE_NEWUSER)
sets = buffer(24)
call("capget", buffer(struct.pack("Ii", 0x20080522, 0)), sets)
return escaped(f"{struct.unpack('I', sets.raw[:4])[0]:x}")
