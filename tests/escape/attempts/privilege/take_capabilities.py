# class: posture
# technique: give itself every capability
# layers: seccomp, capabilities
# code: native
# control: all capabilities are always given up, in every set
# witness: kernel

answers = []
VERSION_3 = 0x20080522
for version in (VERSION_3, 1):
    try:
        call("capset", buffer(struct.pack("Ii", version, 0)), b"\xff" * 24)
        answers.append("done")
    except OSError as error:
        answers.append(refused(error))
return escaped(answers) if answers[0] == "done" else held(answers)
