# class: kernel attack surface
# technique: have another kernel loaded, with impossible arguments
# layers: seccomp, capabilities
# code: native
# control: it needs CAP_SYS_BOOT, which is always given up
# witness: kernel

try:
    # More segments than there can be.
    call("kexec_load", 0, 1 << 20, 0, 0)
except OSError as error:
    return held(refused(error))
return escaped("loaded")
