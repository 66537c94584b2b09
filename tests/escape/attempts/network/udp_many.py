# class: network
# technique: datagrams by sendmmsg
# layers: seccomp, namespaces
# code: native
# witness: listener

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
there = buffer(struct.pack(">2sH4s8x", struct.pack("H", socket.AF_INET), host["udp"], bytes([127, 0, 0, 1])))
text = buffer(host["mark"].encode())
vector = buffer(struct.pack("QQ", address(text), len(host["mark"])))
message = buffer(struct.pack("QIxxxxQQQQIxxxxIxxxx", address(there), 16, address(vector), 1, 0, 0, 0, 0))
return escaped(call("sendmmsg", s.fileno(), message, 1, 0))
