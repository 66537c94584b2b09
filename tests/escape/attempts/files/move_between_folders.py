# class: changing files
# technique: move a file into another folder
# layers: landlock, seccomp
# code: native
# witness: canary

os.rename(host["public"]["canary"], host["public"]["empty"] + "/" + host["mark"])
return escaped("moved")
