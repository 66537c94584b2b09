# class: running programs
# technique: fork
# layers: seccomp
# single: RLIMIT_NPROC counts a task's processes only where it has a user id of its own; what it starts is killed with it
# code: native
# witness: kernel

child = os.fork()
if child == 0:
    os._exit(42)
return escaped(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
