# class: changing files
# technique: rename a file
# layers: landlock, seccomp, identity
# code: native
# witness: canary

os.rename(host["canary"], host["folder"] + "/" + host["mark"])
return escaped("renamed")
