try:
    int("x")
except ValueError as error:
    error.add_note("row 3 of the sheet")
    error.add_note("which came from\ntwo places")
    raise
