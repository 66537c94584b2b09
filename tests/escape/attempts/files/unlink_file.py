# class: changing files
# technique: remove a file
# layers: landlock, seccomp, identity
# code: native
# witness: canary

os.unlink(host["canary"])
return escaped("removed")
