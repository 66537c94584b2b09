# class: other processes
# technique: see what another process has open
# layers: landlock, seccomp, identity, namespaces
# code: native
# witness: kernel

return escaped(sorted(os.listdir(f"/proc/{host['decoy']['pid']}/fd")))
