# class: temporary storage
# technique: create POSIX shared memory: a file in /dev/shm
# layers: landlock, seccomp
# code: native
# witness: made

fd = os.open("/dev/shm/" + host["mark"], os.O_RDWR | os.O_CREAT, 0o600)
return escaped("made")
