# class: kernel attack surface
# technique: move its own pages between NUMA nodes
# layers: seccomp
# single: no other layer judges this call
# code: native
# witness: kernel

node = struct.pack("Q", 1)
return escaped(call("migrate_pages", 0, 64, node, node) >= 0)
