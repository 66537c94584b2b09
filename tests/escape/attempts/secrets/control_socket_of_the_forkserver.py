# class: zygote
# technique: the forkserver's own sockets, should a descriptor of them be left, written to
# layers: supervisor
# single: what is not in the process cannot be found there: no other layer is asked
# code: native
# control: the child closes all but its own, whatever is off
# witness: kernel
answers = set()
for number in [number for number in range(1024) if number != 3]:
    answers.add(ctypes.get_errno() if raw(host["calls"]["write"], number, b"\x02" * 64, 64) == -1 else 0)
names = sorted(errno.errorcode.get(answer, "written") for answer in answers)
return escaped(names) if names != ["EBADF"] else held(names)
