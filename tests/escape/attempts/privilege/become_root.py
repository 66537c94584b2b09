# class: posture
# technique: change user, group and groups
# layers: seccomp, namespaces, capabilities
# code: native
# control: it needs CAP_SETUID and CAP_SETGID, which are always given up
# witness: kernel

wanted = 1 if host["uid"] == 0 else 0
answers = []
for name, *values in [("setuid", wanted), ("setresuid", wanted, wanted, wanted), ("setgid", wanted), ("setgroups", 1, struct.pack("I", wanted))]:
    try:
        call(name, *values)
    except OSError as error:
        answers.append(refused(error))
    else:
        return escaped(name)
try:
    # No user id: EINVAL from a kernel that is asked.
    call("setuid", 0xffffffff)
except OSError as error:
    answers.append(refused(error))
return held(answers)
