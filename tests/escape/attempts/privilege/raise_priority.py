# class: posture
# technique: raise its own priority
# layers: seccomp, capabilities
# code: native
# control: it needs CAP_SYS_NICE, which is always given up
# witness: kernel

try:
    os.setpriority(os.PRIO_PROCESS, 0, -5)
except OSError as error:
    return held(refused(error))
return escaped(os.getpriority(os.PRIO_PROCESS, 0))
