# class: other processes
# technique: push another process's memory out
# layers: landlock, seccomp, namespaces, capabilities
# code: native
# control: it needs CAP_SYS_NICE, which is always given up
# witness: kernel

MADV_COLD = 20
page = host["decoy"]["address"] & ~4095
try:
    call("process_madvise", call("pidfd_open", host["decoy"]["inside"], 0), struct.pack("QQ", page, 4096), 1, MADV_COLD, 0)
except OSError as error:
    return held([error.args[1], refused(error)])
return escaped("pushed")
