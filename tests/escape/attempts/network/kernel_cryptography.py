# class: network
# technique: a socket of the kernel's cryptography
# layers: seccomp
# single: only a filter judges which sockets there may be
# code: native
# control: the kernel may have no AF_ALG
# witness: kernel

try:
    socket.socket(38, socket.SOCK_SEQPACKET)
except OSError as error:
    return held(refused(error))
return held("a socket")
