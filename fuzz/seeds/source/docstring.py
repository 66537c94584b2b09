def f():
    '  obj  '
