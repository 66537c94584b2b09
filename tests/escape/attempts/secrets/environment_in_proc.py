# class: grant token
# technique: /proc/self/environ, which is the environment at start
# layers: seccomp, identity, supervisor
# code: native
# control: the jailer starts with a clean environment and without the token in its memory, whatever is off
# witness: secret
try:
    with open("/proc/self/environ", "rb") as file:
        return held(sorted(name.split("=")[0] for name in file.read().decode("latin-1").split("\0") if "SECRET" in name or "GRANT" in name))
except OSError as error:
    return held(refused(error))
