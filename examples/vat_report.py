# Gross amounts and VAT per country with exact decimals, rounded per line as invoices are.
#
# Mode: once for all items
# Run:  palisade run examples/vat_report.py --items examples/vat_report.items.json --allow-stdlib collections,decimal
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

RATES = {"DE": Decimal("0.19"), "AT": Decimal("0.20"), "CH": Decimal("0.081")}
CENT = Decimal("0.01")

totals = defaultdict(lambda: {"net": Decimal(0), "vat": Decimal(0), "lines": 0})
for number, item in enumerate(_items):
    line = item["json"]
    rate = RATES.get(line.get("country"))
    if rate is None:
        print(f"item {number}: no rate for", line.get("country"))
        continue
    if line.get("net") is None or line.get("quantity") is None:
        raise ValueError(f"item {number}: no net price or no quantity")
    # By way of text: Decimal(1.1) has the fifty digits of the float.
    net = (Decimal(str(line["net"])) * line["quantity"]).quantize(CENT, ROUND_HALF_UP)
    total = totals[line["country"]]
    total["net"] += net
    total["vat"] += (net * rate).quantize(CENT, ROUND_HALF_UP)
    total["lines"] += 1

return [
    {
        "json": {
            "country": country,
            "lines": total["lines"],
            # As text: a number would be a float for whoever reads this JSON.
            "net": str(total["net"]),
            "vat": str(total["vat"]),
            "gross": str(total["net"] + total["vat"]),
        }
    }
    for country, total in sorted(totals.items())
]
