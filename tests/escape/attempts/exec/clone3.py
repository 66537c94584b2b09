# class: system-call table tricks
# technique: clone3, whose flags lie in memory where no filter sees them, as fork
# layers: seccomp
# single: as for fork
# code: native
# witness: kernel

arguments = struct.pack("QQQQQQQQ", 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
child = call("clone3", arguments, len(arguments))
if child == 0:
    os._exit(42)
return escaped(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
