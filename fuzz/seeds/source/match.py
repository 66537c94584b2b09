match x:
    case [A(b=1), *_] | {'c': d, **e} if f: pass
    case _: pass