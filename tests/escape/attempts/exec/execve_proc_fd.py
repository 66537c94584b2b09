# class: running programs
# technique: execute the link of a descriptor with O_PATH
# layers: landlock, seccomp
# code: native
# witness: made

program = os.open(host["program"], os.O_PATH)
path = host["public"]["folder"] + "/" + host["mark"]
os.execv(f"/proc/self/fd/{program}", ["touch", path])
