try:
    pass
except* E as g:
    g.__class__
