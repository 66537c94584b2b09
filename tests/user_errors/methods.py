class Cart:
    def __init__(self, rows):
        self.rows = rows

    @property
    def total(self):
        return sum(self.rows)

    def show(self):
        return f"in all: {self.total:>10}"


Cart([1, 2]).show()
return Cart([1, "2"]).show()
