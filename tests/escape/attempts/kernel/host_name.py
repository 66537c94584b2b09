# class: kernel attack surface
# technique: give the host another name
# layers: seccomp, capabilities
# code: native
# control: it needs CAP_SYS_ADMIN, which is always given up
# witness: kernel

answers = []
for name in ("sethostname", "setdomainname"):
    try:
        # Longer than a name can be, should it ever be allowed.
        call(name, b"x", 1 << 20)
    except OSError as error:
        answers.append(refused(error))
    else:
        return escaped(name)
return held(answers)
