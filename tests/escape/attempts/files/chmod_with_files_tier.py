# class: changing files
# technique: change a file's mode in the tier that reads files
# layers: seccomp, identity
# code: native
# tier: files
# witness: canary

os.chmod(host["public"]["canary"], 0o700)
return escaped("changed")
