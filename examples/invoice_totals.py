# Open and paid amounts per customer, rounded to the cent the way bookkeepers do (half away from zero).
#
# Mode: once for all items
# Run:  palisade run examples/invoice_totals.py --items examples/invoice_totals.items.json --allow-stdlib collections,re
import re
from collections import defaultdict

AMOUNT = re.compile(r"^\s*(-?)(\d+)(?:[.,](\d+))?\s*$")


def cents(text):
    """Exact: a float would turn 1.005 into 1.00."""
    match = AMOUNT.match(str(text))
    if match is None:
        raise ValueError(f"not an amount: {text!r}")
    sign, whole, fraction = match.groups(default="")
    digits = (fraction + "000")[:3]
    value = int(whole) * 100 + int(digits[:2]) + (1 if digits[2] >= "5" else 0)
    return -value if sign else value


totals = defaultdict(lambda: {"open": 0, "paid": 0, "invoices": 0})
for item in _items:
    invoice = item["json"]
    sums = totals[(invoice.get("customer") or "unknown").strip()]
    sums["paid" if invoice.get("paid") else "open"] += cents(invoice.get("amount"))
    sums["invoices"] += 1

print("customers:", len(totals))
return [
    {
        "json": {
            "customer": customer,
            "invoices": sums["invoices"],
            "open": sums["open"] / 100,
            "paid": sums["paid"] / 100,
        }
    }
    for customer, sums in sorted(totals.items(), key=lambda entry: (-entry[1]["open"], entry[0]))
]
