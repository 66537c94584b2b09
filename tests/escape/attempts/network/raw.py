# class: network
# technique: raw IP packets
# layers: seccomp, capabilities
# code: native
# control: it needs CAP_NET_RAW, which is always given up
# witness: kernel

answers = []
# No protocol has the last number.
for kind in [(socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_INET6, socket.SOCK_RAW, 58), (socket.AF_INET, socket.SOCK_RAW, 5000)]:
    try:
        socket.socket(*kind)
    except OSError as error:
        answers.append(refused(error))
    else:
        return escaped(kind)
return held(answers)
