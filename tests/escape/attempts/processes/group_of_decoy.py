# class: other processes
# technique: put another process into a group, and itself into another's
# layers: seccomp, supervisor
# code: native
# control: only a parent may do that, before its child executes something, and a leader of a session never
# witness: decoy

answers = []
for who, group in [(host["decoy"]["inside"], os.getpid()), (0, host["decoy"]["inside"]), (0, -1)]:
    try:
        call("setpgid", who, group)
    except OSError as error:
        answers.append(refused(error))
    else:
        return escaped("moved")
return held(answers)
