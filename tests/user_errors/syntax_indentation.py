# No oracle: it does not run.
if True:
    a = 1
   b = 2
