# Orders as a table: bad rows out, then revenue per week (in UTC) and shop, the change to the week before, and each shop's share of the week.
#
# Mode: once for all items
# Run:  palisade run examples/pandas_sales.py --items examples/pandas_sales.items.json --allow-external pandas
import pandas as pd

orders = pd.DataFrame([item["json"] for item in _items], columns=["shop", "at", "quantity", "price"])
# What is no number or no moment becomes a gap in place of an error.
orders["at"] = pd.to_datetime(orders["at"], utc=True, errors="coerce")
for column in ("quantity", "price"):
    orders[column] = pd.to_numeric(orders[column], errors="coerce")
usable = orders.dropna()
if len(usable) < len(orders):
    print("left out:", len(orders) - len(usable))
if usable.empty:
    return []

monday = usable["at"].dt.normalize() - pd.to_timedelta(usable["at"].dt.weekday, unit="D")
usable = usable.assign(week=monday.dt.strftime("%Y-%m-%d"), revenue=usable["quantity"] * usable["price"])
weekly = usable.groupby(["week", "shop"], as_index=False)["revenue"].sum()
weekly["share"] = weekly["revenue"] / weekly.groupby("week")["revenue"].transform("sum")
weekly["change"] = weekly.groupby("shop")["revenue"].diff()
weekly = weekly.round({"revenue": 2, "share": 3, "change": 2})

# The first week of a shop has no change. pandas says so by NaN, which JSON does not have: None, by way of columns of objects.
weekly = weekly.astype("object").where(weekly.notna(), None)
return [{"json": row._asdict()} for row in weekly.itertuples(index=False)]
