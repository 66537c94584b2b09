# class: posture
# technique: allow core dumps, which hold the items, and make itself dumpable
# layers: seccomp, rlimits
# code: native
# witness: kernel

RLIMIT_CORE, PR_SET_DUMPABLE = 4, 4
call("prlimit64", 0, RLIMIT_CORE, b"\xff" * 16, 0)
call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)
return escaped("allowed")
