# class: temporary storage
# technique: keep data in the buffers of sockets: memory of no process
# layers: seccomp, rlimits
# code: native
# witness: kernel

kept, ends = 0, []
while kept < 20 << 20:
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ends.append(pair)
    pair[0].setblocking(False)
    pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    kept += pair[0].send(bytes(1 << 18))
return escaped(kept)
