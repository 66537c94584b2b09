def work(n):
    try:
        return 10 // (n - 1)
    except ZeroDivisionError as error:
        raise RuntimeError("inner") from error


found = []
for n in range(3):
    try:
        if n == 2:
            raise ExceptionGroup("nested", [KeyError("k"), TypeError()])
        work(n)
    except Exception as error:
        error.add_note(f"item {n}")
        found.append(error)
try:
    [][0]
except IndexError:
    raise ExceptionGroup("some items failed", [*found, OSError(2, "gone")])
