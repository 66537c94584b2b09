# class: reading files
# technique: ask which files exist by faccessat2
# layers: seccomp
# single: Landlock does not judge metadata
# code: native
# witness: kernel

call("faccessat2", -100, host["public"]["secret"].encode(), 0, 0)
return escaped("it exists")
