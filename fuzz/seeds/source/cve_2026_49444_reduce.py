class A:
    def __reduce__(self):
        return (f, ())