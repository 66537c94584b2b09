# A table of sums, months down and products across, with every month between the first and the last, also those without sales.
#
# Mode: once for all items
# Run:  palisade run examples/pivot_sales.py --items examples/pivot_sales.items.json --allow-stdlib collections,datetime
from collections import defaultdict
from datetime import date

sums = defaultdict(float)
products = set()
for number, item in enumerate(_items):
    sale = item["json"]
    if not sale.get("date"):
        raise ValueError(f"item {number} has no date")
    day, product = date.fromisoformat(sale["date"]), sale.get("product") or "other"
    products.add(product)
    sums[day.year * 12 + day.month - 1, product] += sale.get("amount") or 0

if not sums:
    return []
months = [month for month, _ in sums]
return [
    {
        "json": {
            "month": f"{month // 12}-{month % 12 + 1:02}",
            **{product: sums.get((month, product), 0) for product in sorted(products)},
            "total": sum(sums.get((month, product), 0) for product in products),
        }
    }
    for month in range(min(months), max(months) + 1)
]
