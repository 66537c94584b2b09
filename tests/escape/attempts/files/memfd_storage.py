# class: temporary storage
# technique: keep data in a file that exists in memory only
# layers: seccomp, rlimits
# code: native
# witness: kernel

fd = os.memfd_create(host["mark"])
return escaped(os.write(fd, bytes(1 << 20)))
