# class: changing files
# technique: O_TRUNC with an open for reading
# layers: landlock, seccomp, identity
# code: native
# witness: canary

os.open(host["canary"], os.O_RDONLY | os.O_TRUNC)
return escaped("truncated")
