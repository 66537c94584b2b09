error = ValueError("short")
error.description = "What to do:\n  read the manual  "
raise error
