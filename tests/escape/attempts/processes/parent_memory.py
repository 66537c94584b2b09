# class: zygote
# technique: change the forkserver, and all tasks to come, by its memory
# layers: seccomp, supervisor
# code: native
# control: the runner and all below it are never dumpable: nobody may look into them without CAP_SYS_PTRACE
# witness: kernel

text = buffer(8)
vector = struct.pack("QQ", address(text), 8)
try:
    # It has the same layout: what is here is there.
    call("process_vm_writev", host["forkserver"]["inside"], vector, 1, vector, 1, 0)
except OSError as error:
    return held(refused(error))
return escaped("written")
