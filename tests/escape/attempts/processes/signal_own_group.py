# class: other processes
# technique: a signal to its own process group
# layers: seccomp, supervisor
# code: native
# control: a child is a session and a group of its own
# witness: decoy

os.killpg(0, signal.SIGTERM)
return held("nobody else")
