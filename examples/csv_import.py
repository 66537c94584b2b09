# Reads the CSV files attached to the items (binary data as n8n hands it over) and gives one item per row, with numbers as
# numbers. A file whose header is not the agreed one is reported, not guessed at.
#
# Mode: once for all items
# Run:  palisade run examples/csv_import.py --items examples/csv_import.items.json --allow-stdlib base64,csv
import base64
import csv

HEADER = ["sku", "name", "stock", "price"]

rows = []
for item in _items:
    for name, attachment in item.get("binary", {}).items():
        text = base64.b64decode(attachment["data"]).decode("utf-8-sig")
        reader = csv.DictReader(text.splitlines(), delimiter=";", restkey="more")
        if reader.fieldnames != HEADER:
            print("skipped", attachment["fileName"], reader.fieldnames)
            continue
        for row in reader:
            rows.append(
                {
                    "json": {
                        "file": attachment["fileName"],
                        "line": reader.line_num,
                        "sku": row["sku"].strip(),
                        "name": row["name"].strip(),
                        "stock": int(row["stock"] or 0),
                        "price": float(row["price"].replace(",", ".")),
                    }
                }
            )
return rows
