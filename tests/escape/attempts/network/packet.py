# class: network
# technique: raw packets of the link
# layers: seccomp, capabilities
# code: native
# control: it needs CAP_NET_RAW, which is always given up
# witness: kernel

answers = []
# There is no family of the last number.
for kind in [(socket.AF_PACKET, socket.SOCK_RAW), (socket.AF_PACKET, socket.SOCK_DGRAM), (99, socket.SOCK_RAW)]:
    try:
        socket.socket(*kind)
    except OSError as error:
        answers.append(refused(error))
    else:
        return escaped(kind)
return held(answers)
