# class: changing files
# technique: remove a folder
# layers: landlock, seccomp, identity
# code: native
# witness: canary

os.rmdir(host["empty"])
return escaped("removed")
