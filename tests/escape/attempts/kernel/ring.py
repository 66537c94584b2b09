# class: kernel attack surface
# technique: make an io_uring, whose memory is locked
# layers: seccomp, rlimits
# code: native
# witness: kernel

return escaped(call("io_uring_setup", 1, buffer(120)) >= 0)
