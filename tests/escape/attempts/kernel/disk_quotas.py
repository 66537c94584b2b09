# class: kernel attack surface
# technique: quotactl's request to write all quotas to disk, which everybody may make
# layers: seccomp
# single: no other layer judges this call
# code: native
# witness: kernel

Q_SYNC = 0x800001 << 8
try:
    call("quotactl", Q_SYNC, 0, 0, 0)
except OSError as error:
    return held(refused(error))
return escaped("synced")
