class M:
    def __prepare__(name, bases):
        return D()