# No oracle: it does not run.
é = "ü"; break
