# class: network
# technique: a socket to the machine's hypervisor
# layers: seccomp
# single: only a filter judges which sockets there may be
# code: native
# control: the kernel may have no vsock
# witness: kernel

try:
    socket.socket(40, socket.SOCK_STREAM)
except OSError as error:
    return held(refused(error))
return held("a socket that leads nowhere")
