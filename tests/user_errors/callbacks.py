# No oracle: Python shows all lines of what was at work.
rows = [{"n": 1}, {"m": 2}]
rows.sort(
    key=lambda row: (
        row["n"]
    ),
)
