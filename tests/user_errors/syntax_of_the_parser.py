# No oracle: it does not run.
total = 0
for row in [1, 2]:
    if total = row:
        pass
