# class: task to task
# technique: read another task's items in its memory, whose layout is the same
# layers: seccomp, supervisor
# code: native
# control: the runner and all below it are never dumpable: nobody may look into them without CAP_SYS_PTRACE
# witness: secret

room = buffer(65536)
at = address(room) & ~4095
here = struct.pack("QQ", address(room), 65536)
try:
    call("process_vm_readv", host["sibling"]["inside"], here, 1, struct.pack("QQ", at, 65536), 1, 0)
except OSError as error:
    return held(refused(error))
return escaped(room.raw.decode("latin-1"))
