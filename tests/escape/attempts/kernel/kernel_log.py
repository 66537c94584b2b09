# class: kernel attack surface
# technique: read and clear the kernel's log
# layers: seccomp, capabilities
# code: native
# control: clearing needs CAP_SYSLOG, which is always given up
# witness: kernel

SYSLOG_ACTION_CONSOLE_LEVEL, UNKNOWN = 8, 99
answers = []
for action in (SYSLOG_ACTION_CONSOLE_LEVEL, UNKNOWN):
    try:
        call("syslog", action, 0, 0)
    except OSError as error:
        answers.append(refused(error))
    else:
        return escaped(action)
return held(answers)
