# class: kernel attack surface
# technique: a new session keyring by keyctl
# layers: seccomp
# single: no other layer judges this call
# code: native
# witness: kernel

KEYCTL_JOIN_SESSION_KEYRING = 1
return escaped(call("keyctl", KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0) > 0)
