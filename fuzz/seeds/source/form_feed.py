if x:
    y.__class__