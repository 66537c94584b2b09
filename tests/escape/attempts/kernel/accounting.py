# class: kernel attack surface
# technique: have every process of the host written down in a file
# layers: seccomp, capabilities
# code: native
# control: it needs CAP_SYS_PACCT, which is always given up
# witness: kernel

try:
    call("acct", host["canary"].encode())
except OSError as error:
    return held(refused(error))
return escaped("accounted")
