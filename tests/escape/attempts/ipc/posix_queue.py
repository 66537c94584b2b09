# class: temporary storage
# technique: a POSIX message queue, left behind
# layers: seccomp, rlimits, namespaces
# code: native
# witness: made

return escaped(call("mq_open", host["mark"].encode(), os.O_CREAT | os.O_RDWR, 0o600, 0) >= 0)
