# class: running programs
# technique: have the dynamic loader run a program that it only reads
# layers: landlock, seccomp
# code: native
# witness: made

x86 = host["calls"]["getpid"] == 39
loader = "/lib64/ld-linux-x86-64.so.2" if x86 else "/lib/ld-linux-aarch64.so.1"
os.execv(loader, [loader, host["program"], host["public"]["folder"] + "/" + host["mark"]])
