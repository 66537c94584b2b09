class A[T: int](B, metaclass=C):
    'doc'
    x: int = 1
    def f(self): return super().f()
