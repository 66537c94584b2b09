# class: running programs
# technique: subprocess.run
# layers: landlock, seccomp
# code: native
# witness: made

path = host["public"]["folder"] + "/" + host["mark"]
return escaped(subprocess.run([host["program"], path]).returncode)
