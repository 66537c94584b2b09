# class: running programs
# technique: execute a descriptor with O_PATH
# layers: landlock, seccomp
# code: native
# witness: made

program = os.open(host["program"], os.O_PATH)
path = (host["public"]["folder"] + "/" + host["mark"]).encode()
arguments = (ctypes.c_char_p * 3)(b"touch", path, None)
AT_EMPTY_PATH = 0x1000
call("execveat", program, b"", arguments, None, AT_EMPTY_PATH)
