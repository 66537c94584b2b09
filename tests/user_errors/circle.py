one, other = ValueError("one"), KeyError("other")
one.__cause__, other.__cause__ = other, one
raise one
