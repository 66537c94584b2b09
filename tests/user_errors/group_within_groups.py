# No oracle: it goes on.
group = ValueError(0)
for n in range(100):
    group = ExceptionGroup(f"level {n}", [group, TypeError(n)])
raise group
