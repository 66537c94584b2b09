# class: changing files
# technique: deallocate a part of a file
# layers: landlock, seccomp, identity
# code: native
# witness: canary

fd = os.open(host["canary"], os.O_RDWR)
FALLOC_FL_KEEP_SIZE_AND_PUNCH_HOLE = 3
call("fallocate", fd, FALLOC_FL_KEEP_SIZE_AND_PUNCH_HOLE, 0, 4)
return escaped("punched")
