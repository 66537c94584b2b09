# class: task to task
# technique: read another task's items by its files in /proc
# layers: landlock, seccomp, namespaces, identity, supervisor
# code: native
# control: the runner and all below it are never dumpable: nobody may look into them without CAP_SYS_PTRACE
# witness: secret

answers = []
for name in ("mem", "environ", "maps", "fd/3", "syscall", "stat"):
    try:
        fd = os.open(f"/proc/{host['sibling']['pid']}/{name}", os.O_RDONLY)
        if name != "stat":
            return escaped(os.read(fd, 65536).decode("latin-1"))
        answers.append("read")
    except OSError as error:
        answers.append(refused(error))
return held(answers)
