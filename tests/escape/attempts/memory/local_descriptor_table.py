# class: kernel attack surface
# technique: a segment of its own by modify_ldt
# layers: seccomp
# single: no other layer judges this call
# code: native
# witness: kernel

descriptor = struct.pack("IIII", 0, 0, 0xfffff, 0b1010001)
call("modify_ldt", 1, descriptor, len(descriptor))
return escaped("a segment")
