def f():
    '  __class__'
