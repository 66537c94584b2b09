# class: kernel attack surface
# technique: make a file into swap space
# layers: seccomp, capabilities
# code: native
# control: it needs CAP_SYS_ADMIN, which is always given up
# witness: kernel

answers = []
for name in ("swapon", "swapoff"):
    try:
        call(name, host["canary"].encode(), 0)
    except OSError as error:
        answers.append(refused(error))
    else:
        return escaped(name)
return held(answers)
