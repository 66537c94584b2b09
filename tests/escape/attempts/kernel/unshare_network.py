# class: kernel attack surface
# technique: a network of its own, where it is root and may send whatever packets
# layers: seccomp
# single: neither Landlock nor limits judge namespaces, and they can be nested
# code: native
# witness: kernel

CLONE_NEWUSER_NEWNET = 0x50000000
call("unshare", CLONE_NEWUSER_NEWNET)
raw_socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
return escaped("a packet socket")
