# No oracle: it does not run.
rows = [1, 2
