# class: running programs
# technique: become the own program once more, through /proc/self/exe
# layers: landlock, seccomp
# code: native
# witness: made

code = "import os, sys; os.mkdir(sys.argv[1])"
path = host["public"]["folder"] + "/" + host["mark"]
os.execv("/proc/self/exe", [host["python"], "-I", "-c", code, path])
