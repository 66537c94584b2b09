# class: running programs
# technique: the raw clone call, as fork
# layers: seccomp
# single: as for fork
# code: native
# witness: kernel

child = call("clone", signal.SIGCHLD, 0, 0, 0, 0)
if child == 0:
    os._exit(42)
return escaped(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
