# class: other processes
# technique: read the runner's memory and its environment
# layers: landlock, seccomp, namespaces, supervisor
# code: native
# control: the runner and all below it are never dumpable: nobody may look into them without CAP_SYS_PTRACE
# witness: secret

answers = []
number = host["supervisor"]["pid"]
for name in ("environ", "mem", "maps", "auxv", "io", "stack"):
    try:
        fd = os.open(f"/proc/{number}/{name}", os.O_RDONLY)
        return escaped(os.read(fd, 65536).decode("latin-1"))
    except OSError as error:
        answers.append(refused(error))
# And what everybody may read of everybody, unless somebody forbids it.
try:
    os.open(f"/proc/{number}/stat", os.O_RDONLY)
except OSError as error:
    answers.append(refused(error))
return held(answers)
