# class: kernel attack surface
# technique: restart the machine, with numbers that no kernel takes
# layers: seccomp, capabilities
# code: native
# control: it needs CAP_SYS_BOOT, which is always given up
# witness: kernel

try:
    call("reboot", 0, 0, 0, 0)
except OSError as error:
    return held(refused(error))
return escaped("it came back")
