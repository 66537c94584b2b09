# class: running programs
# technique: become another program in the tier that reads files
# layers: landlock, seccomp
# code: native
# tier: files
# witness: made

os.execv(host["program"], [host["program"], host["public"]["folder"] + "/" + host["mark"]])
