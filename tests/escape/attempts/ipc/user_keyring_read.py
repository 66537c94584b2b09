# class: task to task
# technique: look for what another task has left in the user's keyring
# layers: seccomp
# single: no other layer judges this call
# code: native
# witness: kernel

KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING = 0, -4
return escaped(call("keyctl", KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1, 0, 0) > 0)
