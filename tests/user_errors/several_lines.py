# No oracle: Python shows all lines of what was at work.
name = """a text
of lines"""
value = (
    1 +
    len(
        name
    ) / (
        0
    )
)
