# class: network
# technique: a socket of each family and kind there is
# layers: seccomp
# single: only a filter judges which sockets there may be
# code: native
# witness: kernel

known = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET)
made, answers = [], set()
for family in range(64):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        answer = raw(host["calls"]["socket"], family, kind, 0)
        if answer >= 0:
            os.close(answer)
            made.append(family)
        else:
            answers.add(errno.errorcode.get(ctypes.get_errno()))
return escaped(sorted(set(made) - set(known)) or "known ones") if made else held(sorted(answers))
