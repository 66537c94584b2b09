# class: posture
# technique: lift its own memory limit
# layers: seccomp, rlimits
# code: native
# witness: kernel

RLIMIT_AS = 9
call("prlimit64", 0, RLIMIT_AS, b"\xff" * 16, 0)
return escaped("lifted")
