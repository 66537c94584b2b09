# class: exhaustion
# technique: thousands of signals to itself, none of which is delivered
# layers: seccomp, rlimits
# code: native
# witness: kernel

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
information = struct.pack("iiiiIQ", signal.SIGRTMIN, 0, -1, os.getpid(), 0, 7).ljust(128, b"\0")
for _ in range(5000):
    call("rt_sigqueueinfo", os.getpid(), signal.SIGRTMIN, information)
return escaped("5000 signals")
