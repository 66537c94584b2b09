# The nearest shop for each customer, by the great circle.
#
# Mode: once for all items
# Run:  palisade run examples/nearest_shop.py --items examples/nearest_shop.items.json --allow-stdlib math
from math import asin, cos, radians, sin, sqrt

EARTH_KM = 6371.0


def kilometres(here, there):
    (lat1, lon1), (lat2, lon2) = (map(radians, place) for place in (here, there))
    part = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(part))


shops = [item["json"] for item in _items if item["json"].get("kind") == "shop" and item["json"].get("at")]
if not shops:
    raise ValueError("there is no shop with a position among the items")
nearest = []
for index, item in enumerate(_items):
    customer = item["json"]
    if customer.get("kind") != "customer":
        continue
    name = customer.get("name")
    if not customer.get("at"):
        nearest.append({"json": {"customer": name, "problem": "no position"}, "pairedItem": {"item": index}})
        continue
    shop = min(shops, key=lambda shop: kilometres(customer["at"], shop["at"]))
    distance = round(kilometres(customer["at"], shop["at"]), 1)
    nearest.append({"json": {"customer": name, "shop": shop.get("name"), "km": distance}, "pairedItem": {"item": index}})
return nearest
