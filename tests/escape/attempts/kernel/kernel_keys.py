# class: temporary storage
# technique: keep data in a key in the keyring of the user, where the next task finds it
# layers: seccomp
# single: no other layer judges keyrings; with a user id of its own a task has a keyring all the same
# code: native
# witness: kernel

KEY_SPEC_USER_KEYRING, KEYCTL_UNLINK, KEYCTL_READ = -4, 9, 11
key = call("add_key", b"user", host["mark"].encode(), b"kept", 4, KEY_SPEC_USER_KEYRING)
kept = buffer(4)
try:
    call("keyctl", KEYCTL_READ, key, kept, 4, 0)
finally:
    call("keyctl", KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING, 0, 0)
return escaped(kept.raw.decode())
