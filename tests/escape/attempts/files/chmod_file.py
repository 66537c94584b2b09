# class: changing files
# technique: change a file's mode
# layers: seccomp, identity
# code: native
# witness: canary

os.chmod(host["public"]["canary"], 0o4755)
return escaped("changed")
