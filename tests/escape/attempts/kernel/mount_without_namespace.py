# class: kernel attack surface
# technique: mount, umount and pivot_root as it is
# layers: seccomp, capabilities
# code: native
# control: mounting needs CAP_SYS_ADMIN, which is always given up
# witness: kernel

answers = []
for name, *values in [("pivot_root", b"/", b"/"), ("umount2", b"/proc", 2), ("mount", b"none", b"/", b"tmpfs", 0, 0)]:
    try:
        call(name, *values)
    except OSError as error:
        answers.append(refused(error))
    else:
        return escaped(name)
return held(answers)
