# class: grant token
# technique: getenv and the pointer environ
# layers: supervisor
# single: what is not in the process cannot be found there: no other layer is asked
# code: native
# control: the jailer starts with a clean environment and without the token in its memory, whatever is off
# witness: secret
libc.getenv.restype = ctypes.c_char_p
names = (b"N8N_RUNNERS_GRANT_TOKEN", b"A_SECRET_OF_THE_HOST", b"N8N_RUNNERS_TASK_BROKER_URI")
return held([str(libc.getenv(name)) for name in names])
