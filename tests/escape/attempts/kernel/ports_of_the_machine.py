# class: kernel attack surface
# technique: talk to devices by their ports
# layers: seccomp, capabilities
# code: native
# control: it needs CAP_SYS_RAWIO, which is always given up
# witness: kernel

answers = []
for name, *values in [("iopl", 3), ("iopl", 77), ("ioperm", 0, 8, 1)]:
    try:
        call(name, *values)
    except OSError as error:
        answers.append(refused(error))
    else:
        return escaped(name)
return held(answers)
