# class: zygote
# technique: take the forkserver's control socket away from it
# layers: seccomp, supervisor
# code: native
# control: the runner and all below it are never dumpable: nobody may look into them without CAP_SYS_PTRACE
# witness: kernel

answers = set()
for number in range(3, 12):
    try:
        parent = call("pidfd_open", host["forkserver"]["inside"], 0)
        call("pidfd_getfd", parent, number, 0)
        return escaped("a descriptor")
    except OSError as error:
        answers.add(f"{error.args[1]}: {refused(error)}")
return held(sorted(answers))
