# class: changing files
# technique: change a file's group
# layers: seccomp, identity
# code: native
# witness: canary

os.chown(host["public"]["canary"], -1, os.getgid())
return escaped("changed")
