# class: kernel attack surface
# technique: set the host's clock
# layers: seccomp, capabilities
# code: native
# control: it needs CAP_SYS_TIME, which is always given up
# witness: kernel

answers = []
# No clock can be set to these.
for name, *values in [("settimeofday", struct.pack("qq", 0, -1), 0), ("clock_settime", 0, struct.pack("qq", 0, -1)), ("clock_settime", 77, 0)]:
    try:
        call(name, *values)
    except OSError as error:
        answers.append(refused(error))
    else:
        return escaped(name)
return held(answers)
