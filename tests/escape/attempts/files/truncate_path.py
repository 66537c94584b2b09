# class: changing files
# technique: truncate by path, without opening
# layers: landlock, seccomp, identity
# kernel: 6.2, Landlock ABI 3
# code: native
# witness: canary

os.truncate(host["canary"], 0)
return escaped("truncated")
