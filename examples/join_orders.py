# Customers and orders arrive mixed and partly twice. The newest state of each record is kept, and orders get their
# customer's name and country.
#
# Mode: once for all items
# Run:  palisade run examples/join_orders.py --items examples/join_orders.items.json --allow-stdlib collections
from collections import Counter, OrderedDict

newest = {"customer": OrderedDict(), "order": OrderedDict()}
seen = Counter()
for number, item in enumerate(_items):
    record = item["json"]
    kind, key = record.get("kind"), record.get("id")
    if kind not in newest or key is None:
        raise ValueError(f"item {number} is neither a customer nor an order with an id")
    seen[kind] += 1
    known = newest[kind].get(key)
    if known is None or (record.get("updated") or "") > (known.get("updated") or ""):
        newest[kind][key] = record

joined, orphans = [], []
for order in newest["order"].values():
    customer = newest["customer"].get(order.get("customer_id"))
    if customer is None:
        orphans.append(order["id"])
        continue
    joined.append(
        {
            "order": order["id"],
            "customer": customer.get("name"),
            "country": customer.get("country"),
            "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in (order.get("lines") or {}).items()],
        }
    )

print("read", dict(seen))
return {
    "orders": joined,
    "without customer": orphans,
    "duplicates dropped": {kind: seen[kind] - len(records) for kind, records in newest.items()},
}
