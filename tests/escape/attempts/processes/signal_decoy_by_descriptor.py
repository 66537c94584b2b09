# class: other processes
# technique: a signal by a descriptor of the process
# layers: landlock, seccomp, namespaces
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: decoy

decoy = call("pidfd_open", host["decoy"]["inside"], 0)
call("pidfd_send_signal", decoy, signal.SIGUSR1, 0, 0)
return escaped("sent")
