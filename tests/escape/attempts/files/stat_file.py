# class: reading files
# technique: size, owner and times of a file
# layers: seccomp
# single: Landlock does not judge metadata, and the file's folder lets everybody through
# code: native
# witness: kernel

return escaped(os.stat(host["public"]["secret"]).st_size)
