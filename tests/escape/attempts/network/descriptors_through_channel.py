# class: zygote
# technique: send a descriptor up the task's own socket
# layers: seccomp
# single: the supervisor reads bytes only, and the kernel closes what comes with them
# code: native
# witness: kernel

item = struct.pack("QiiI4x", 20, socket.SOL_SOCKET, socket.SCM_RIGHTS, 3)
control = buffer(item)
data = buffer(b"")
vector = buffer(struct.pack("QQ", address(data), 0))
message = buffer(struct.pack("QIxxxxQQQQI4x", 0, 0, address(vector), 1, address(control), 24, 0))
return escaped(call("sendmsg", 3, message, 0))
