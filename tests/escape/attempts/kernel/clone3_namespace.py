# class: system-call table tricks
# technique: a namespace by clone3, whose flags lie in memory where no filter sees them
# layers: seccomp
# single: neither Landlock nor limits judge namespaces, and they can be nested
# code: native
# witness: kernel

CLONE_NEWUSER = 0x10000000
arguments = struct.pack("QQQQQQQQ", CLONE_NEWUSER, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
child = call("clone3", arguments, len(arguments))
if child == 0:
    os._exit(42)
return escaped(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
