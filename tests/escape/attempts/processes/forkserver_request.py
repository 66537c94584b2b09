# class: zygote
# technique: ask the forkserver for a child on any socket there is
# layers: seccomp, supervisor
# code: native
# control: a child has no descriptor but its own socket, and the forkserver's has no name
# witness: kernel

answers = set()
for fd in [*range(3), *range(4, 128)]:
    if raw(host["calls"]["sendto"], fd, b'"Fork"', 6, 0x4040, 0, 0) >= 0:
        return escaped(fd)
    answers.add(errno.errorcode.get(ctypes.get_errno()))
return held(sorted(answers))
