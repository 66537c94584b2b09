# class: kernel attack surface
# technique: load and unload modules of the kernel
# layers: seccomp, capabilities
# code: native
# control: it needs CAP_SYS_MODULE, which is always given up
# witness: kernel

answers = []
for name, *values in [("init_module", 0, 0, b""), ("finit_module", -1, b"", 0), ("delete_module", host["mark"].encode(), 0)]:
    try:
        call(name, *values)
    except OSError as error:
        answers.append(refused(error))
    else:
        return escaped(name)
return held(answers)
