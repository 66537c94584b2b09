# class: logs
# technique: the standard streams by their descriptors
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# control: a child has no standard streams of the runner, whatever is off
# witness: messages
answers = []
for number in (0, 1, 2):
    try:
        answers.append(os.write(number, b"\n" + host["mark"].encode() + b"\n"))
    except OSError as error:
        answers.append(refused(error))
return held(answers)
