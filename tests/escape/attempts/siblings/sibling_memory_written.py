# class: task to task
# technique: change another task by its memory
# layers: seccomp, supervisor
# code: native
# control: the runner and all below it are never dumpable: nobody may look into them without CAP_SYS_PTRACE
# witness: decoy

text = buffer(8)
vector = struct.pack("QQ", address(text), 8)
try:
    call("process_vm_writev", host["sibling"]["inside"], vector, 1, vector, 1, 0)
except OSError as error:
    return held(refused(error))
return escaped("written")
