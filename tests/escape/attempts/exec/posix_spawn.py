# class: running programs
# technique: posix_spawn: a child that shares memory until it executes
# layers: landlock, seccomp
# code: native
# witness: made

path = host["public"]["folder"] + "/" + host["mark"]
child = os.posix_spawn(host["program"], [host["program"], path], {})
return escaped(os.waitpid(child, 0)[1])
