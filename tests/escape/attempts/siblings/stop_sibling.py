# class: other processes
# technique: stop another task by a descriptor of its process
# layers: landlock, seccomp, identity
# kernel: 6.12, Landlock ABI 6
# code: native
# witness: decoy

sibling = call("pidfd_open", host["sibling"]["inside"], 0)
call("pidfd_send_signal", sibling, signal.SIGSTOP, 0, 0)
return escaped("sent")
