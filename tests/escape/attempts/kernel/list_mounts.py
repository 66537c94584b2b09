# class: kernel attack surface
# technique: ask listmount for the host's mounts
# layers: seccomp
# single: Landlock does not judge what mounts there are
# kernel: 6.8
# code: native
# witness: kernel

LSMT_ROOT = 0xffffffffffffffff
request = struct.pack("IIQQQ", 24, 0, LSMT_ROOT, 0, 0)[:24]
found = buffer(8 * 16)
return escaped(call("listmount", request, found, 16, 0) > 0)
