# class: running programs
# technique: map a file that may be read as executable, in the tier that reads files
# layers: seccomp
# single: Landlock governs execve, not mappings: a file that may be read may be mapped in any way
# code: native
# tier: files
# witness: kernel

fd = os.open(host["library"], os.O_RDONLY)
at = call("mmap", 0, 4096, 5, 2, fd, 0)
return escaped("an executable mapping")
