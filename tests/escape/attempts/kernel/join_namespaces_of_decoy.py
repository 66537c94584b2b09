# class: kernel attack surface
# technique: join the namespaces of another process by its descriptor
# layers: seccomp, namespaces, capabilities
# code: native
# control: joining needs CAP_SYS_ADMIN over them, which is always given up
# witness: kernel

CLONE_NEWNET = 0x40000000
try:
    call("setns", call("pidfd_open", host["decoy"]["inside"], 0), CLONE_NEWNET)
except OSError as error:
    return held([str(error.args[1]), refused(error)])
return escaped("joined")
