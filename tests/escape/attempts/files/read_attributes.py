# class: reading files
# technique: list the extended attributes of a file
# layers: seccomp
# single: Landlock does not judge extended attributes
# code: native
# witness: kernel

return escaped(os.listxattr(host["public"]["canary"]))
