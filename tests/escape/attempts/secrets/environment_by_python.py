# class: grant token
# technique: os.environ and what it was made of
# layers: supervisor
# single: what is not in the process cannot be found there: no other layer is asked
# code: native
# control: the jailer starts with a clean environment and without the token in its memory, whatever is off
# witness: secret
posix = sys.modules["posix"]
return held([dict(os.environ), sorted(str(name) + str(value) for name, value in posix.environ.items())])
