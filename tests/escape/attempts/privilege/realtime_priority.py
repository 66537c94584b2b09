# class: posture
# technique: a real-time priority, which starves all others
# layers: seccomp, capabilities
# code: native
# control: it needs CAP_SYS_NICE, which is always given up
# witness: kernel

answers = []
SCHED_FIFO = 1
for pid in (0, -1):
    try:
        call("sched_setscheduler", pid, SCHED_FIFO, struct.pack("i", 1))
        answers.append("done")
    except OSError as error:
        answers.append(refused(error))
return escaped(answers) if "done" in answers else held(answers)
