# class: descriptors
# technique: every descriptor there may be, tried by reading nothing
# layers: supervisor
# single: what is not in the process cannot be found there: no other layer is asked
# code: native
# control: the child closes all but its own, whatever is off
# witness: kernel
nothing = buffer(1)
open_ones = []
for number in range(1024):
    if number != 3 and raw(host["calls"]["read"], number, nothing, 0) != -1 or number != 3 and ctypes.get_errno() != errno.EBADF:
        open_ones.append(number)
return escaped(open_ones) if open_ones else held("none but its own")
