# class: changing files
# technique: set a file's times back
# layers: seccomp, identity
# code: native
# witness: canary

os.utime(host["public"]["canary"], (1, 1))
return escaped("changed")
