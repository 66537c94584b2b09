@(lambda f: f.__globals__)
def g(): pass