# class: changing files
# technique: the newest chmod, straight on a descriptor with O_PATH
# layers: seccomp, identity
# kernel: 6.6
# code: native
# witness: canary

path = os.open(host["public"]["canary"], os.O_PATH)
AT_EMPTY_PATH = 0x1000
call("fchmodat2", path, b"", 0o640, AT_EMPTY_PATH)
return escaped("changed")
