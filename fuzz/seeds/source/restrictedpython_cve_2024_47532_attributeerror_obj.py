try:
    x.y
except AttributeError as e:
    return e.obj