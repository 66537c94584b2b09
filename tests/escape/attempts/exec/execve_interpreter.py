# class: running programs
# technique: become the interpreter, whose file the forkserver could execute
# layers: landlock, seccomp
# code: native
# witness: made

code = "import os, sys; os.mkdir(sys.argv[1])"
path = host["public"]["folder"] + "/" + host["mark"]
os.execv(host["python"], [host["python"], "-I", "-c", code, path])
