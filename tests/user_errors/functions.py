def total(rows):
    # The generator, the lambda and what calls them are frames of their own.
    return sum(price(row) for row in rows)


price = lambda row: row["price"] * row["count"]["value"]


def main():
    return [total([row]) for row in [{"price": 2, "count": {"value": 1}}, {"price": 2, "count": 3}]]


return main()
