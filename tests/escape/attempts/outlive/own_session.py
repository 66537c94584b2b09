# class: outliving the task
# technique: leave its session, or its process group
# layers: seccomp, supervisor
# code: native
# control: a child is the leader of its own session, which it cannot leave
# witness: kernel

answers = []
for name, *values in [("setsid",), ("setpgid", 0, 0)]:
    try:
        call(name, *values)
        answers.append("done")
    except OSError as error:
        answers.append(refused(error))
try:
    call("getsid", 0)
    answers.append("a session")
except OSError as error:
    answers.append(refused(error))
return escaped(answers) if "done" in answers else held(answers)
