import json
import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from statistics import mean, median

EMAIL = re.compile(r"^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$")
RATES = {"EUR": 1.0, "USD": 0.92, "GBP": 1.17, "CHF": 1.05, "SEK": 0.088}
STATES = ("open", "paid", "late", "refunded", "disputed")


class Line:
    def __init__(self, sku, quantity, price, currency="EUR"):
        self.sku = sku.strip().upper()
        self.quantity = int(quantity)
        self.price = float(price) * RATES.get(currency, 1.0)

    @property
    def total(self):
        return round(self.quantity * self.price, 2)

    def to_json(self):
        return {"sku": self.sku, "quantity": self.quantity, "price": self.price, "total": self.total}


def parse_time(text, default=None):
    for pattern in ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, pattern)
        except (TypeError, ValueError):
            continue
    return default


def valid(order):
    customer = order.get("customer") or {}
    return bool(order.get("lines")) and EMAIL.match(customer.get("email", "")) is not None


def discount(total, customer, *, coupons=(), loyalty=0.02):
    percent = min(0.25, loyalty * customer.get("years", 0) + sum(c["percent"] for c in coupons) / 100)
    if total < 50 or customer.get("blocked"):
        percent = 0.0
    elif customer.get("country") in {"CH", "NO"} and total < 2 * 65:
        percent = min(percent, 0.1)
    elif total > 1000 and not coupons:
        percent = max(percent, 0.05)
    return round(total * percent, 2)


def summary(orders):
    totals = [order["total"] for order in orders]
    days = Counter(order["created"].strftime("%A") for order in orders if order["created"])
    return {
        "count": len(totals),
        "sum": round(sum(totals), 2),
        "mean": round(mean(totals), 2) if totals else None,
        "median": round(median(totals), 2) if totals else None,
        "busiest": days.most_common(1)[0][0] if days else "-",
        "states": {state: sum(1 for order in orders if order["state"] == state) for state in STATES},
    }


by_customer = defaultdict(list)
rejected, seen = [], set()
for index, item in enumerate(_items):
    order = item["json"]
    key = (order.get("id"), order.get("shop", "main"))
    if key in seen or not valid(order):
        rejected.append({"index": index, "id": order.get("id"), "why": "duplicate" if key in seen else "invalid"})
        continue
    seen.add(key)
    wanted = ("sku", "quantity", "price", "currency")
    lines = [Line(**{k: v for k, v in line.items() if k in wanted}) for line in order["lines"]]
    gross = sum(line.total for line in lines)
    coupons = [c for c in order.get("coupons", []) if not c.get("expired") and c["percent"] > 0]
    net = gross - discount(gross, order["customer"], coupons=coupons)
    created = parse_time(order.get("created"))
    late = created is not None and datetime.now(created.tzinfo) - created > timedelta(days=30)
    by_customer[order["customer"]["email"].lower()].append({
        "id": order["id"], "total": net, "created": created, "lines": [line.to_json() for line in lines],
        "state": "late" if late and order.get("state") == "open" else order.get("state", "open"),
    })

output = []
for email, orders in sorted(by_customer.items(), key=lambda pair: (-len(pair[1]), pair[0])):
    name, _, domain = email.partition("@")
    text = f"{name.title()} ({domain}): {len(orders)} orders, {sum(o['total'] for o in orders):,.2f} EUR"
    print(text)
    text = text.replace("  ", " ")
    for order in orders:
        if order["created"] is not None:
            order["age"] = (datetime.now(order["created"].tzinfo) - order["created"]).days
            order["week"] = "{0}-W{1:02d}".format(*order["created"].isocalendar()[:2])
    rows = json.loads(json.dumps(orders, default=str))
    output.append({"json": {"email": email, "text": text, "summary": summary(orders), "orders": rows}})
if rejected:
    text = "%d rejected of %d" % (len(rejected), len(_items))
    output.append({"json": {"email": None, "rejected": rejected, "text": text}})
return output
