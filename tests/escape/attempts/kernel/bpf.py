# class: kernel attack surface
# technique: load a program into the kernel by bpf
# layers: seccomp, capabilities
# code: native
# control: where kernel.unprivileged_bpf_disabled is set, and it is by default, it needs CAP_BPF, which is always given up
# witness: kernel

answers = []
for command, attributes, size in [(5, bytes(128), 128), (0, 1, 1 << 20)]:
    try:
        call("bpf", command, attributes, size)
        return escaped("done")
    except OSError as error:
        answers.append(refused(error))
return held(answers)
