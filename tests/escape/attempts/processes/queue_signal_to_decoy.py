# class: other processes
# technique: a signal with data
# layers: landlock, seccomp, namespaces
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: decoy

SI_QUEUE = -1
information = struct.pack("iiiiIQ", signal.SIGUSR2, 0, SI_QUEUE, os.getpid(), 0, 7).ljust(128, b"\0")
call("rt_sigqueueinfo", host["decoy"]["inside"], signal.SIGUSR2, information)
return escaped("sent")
