# class: zygote
# technique: connect the task's own socket to somebody else
# layers: seccomp, identity, supervisor
# code: native
# control: a stream socket that is connected stays so
# witness: listener

there = b"\x01\x00" + host["unix"].encode() + b"\0"
answers = []
for name, *values in [("connect", 3, there, len(there)), ("sendto", 3, host["mark"].encode(), 10, 0x40, there, len(there)), ("bind", 3, b"\x01\x00", 1), ("listen", 3, 1), ("accept4", 3, 0, 0, 0)]:
    try:
        call(name, *values)
    except OSError as error:
        answers.append(refused(error))
    else:
        return escaped(name)
return held(answers)
