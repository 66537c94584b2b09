# class: changing files
# technique: change a file's mode through the link of a descriptor with O_PATH
# layers: seccomp, identity
# code: native
# witness: canary

path = os.open(host["public"]["canary"], os.O_PATH)
os.chmod(f"/proc/self/fd/{path}", 0o600)
return escaped("changed")
