def twice(factor):
    def decorate(function):
        def wrapped(*arguments):
            return factor * function(*arguments)
        return wrapped
    return decorate


@twice(2)
@twice("3")
def add(a, b):
    return a + b + None


add(1, 2)
