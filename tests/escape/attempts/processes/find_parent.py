# class: other processes
# technique: find processes by asking for the group of a number
# layers: seccomp
# single: Landlock does not judge the question, and the forkserver is in the same PID namespace
# code: native
# witness: kernel

return escaped(call("getpgid", host["forkserver"]["inside"]) > 0)
