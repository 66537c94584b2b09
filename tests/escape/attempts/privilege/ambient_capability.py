# class: posture
# technique: raise a capability into the ambient set, for what it executes
# layers: seccomp, capabilities
# code: native
# control: all capabilities are always given up, in every set
# witness: kernel

PR_CAP_AMBIENT, RAISE, CAP_SETUID = 47, 2, 7
answers = []
for capability in (CAP_SETUID, 1000):
    try:
        call("prctl", PR_CAP_AMBIENT, RAISE, capability, 0, 0)
        answers.append("done")
    except OSError as error:
        answers.append(refused(error))
return escaped(answers) if "done" in answers else held(answers)
