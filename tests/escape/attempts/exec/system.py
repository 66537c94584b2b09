# class: running programs
# technique: system(3) of the C library
# layers: landlock, seccomp
# code: native
# witness: made

path = host["public"]["folder"] + "/" + host["mark"]
status = libc.system(f"{host['program']} {path}".encode())
return escaped(status) if status == 0 else held("no shell")
