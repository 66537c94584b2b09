# class: task to task
# technique: take another task's socket, and answer in its place
# layers: seccomp, supervisor
# code: native
# control: the runner and all below it are never dumpable: nobody may look into them without CAP_SYS_PTRACE
# witness: messages

try:
    sibling = call("pidfd_open", host["sibling"]["inside"], 0)
    theirs = call("pidfd_getfd", sibling, 3, 0)
except OSError as error:
    return held([error.args[1], refused(error)])
os.write(theirs, host["mark"].encode())
return escaped("a socket")
