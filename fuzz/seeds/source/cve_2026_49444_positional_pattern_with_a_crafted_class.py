class P:
    __match_args__ = ('__class__',)
match x:
    case P(cls):
        return cls