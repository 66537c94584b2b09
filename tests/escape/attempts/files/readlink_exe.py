# class: reading files
# technique: where the interpreter lies, by a link in /proc
# layers: seccomp
# single: Landlock does not judge the reading of links
# code: native
# witness: kernel

return escaped(os.readlink("/proc/self/exe"))
