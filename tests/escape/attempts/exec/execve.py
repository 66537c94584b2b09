# class: running programs
# technique: become another program
# layers: landlock, seccomp
# code: native
# witness: made

os.execv(host["program"], [host["program"], host["public"]["folder"] + "/" + host["mark"]])
