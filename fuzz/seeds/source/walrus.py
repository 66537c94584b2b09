(x := 1)
x = lambda *, y=(z := 2): y