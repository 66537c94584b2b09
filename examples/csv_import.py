# Reads the CSV files attached to the items (binary data as n8n hands it over) and gives one item per row, with numbers as
# numbers. A file whose header is not the agreed one is reported, not guessed at.
#
# Mode: once for all items
# Run:  palisade run examples/csv_import.py --items examples/csv_import.items.json --allow-stdlib base64,csv,io
import base64
import csv
import io

HEADER = ["sku", "name", "stock", "price"]

rows = []
for item in _items:
    for name, attachment in item.get("binary", {}).items():
        if "id" in attachment:
            raise ValueError(f"{name} is kept outside of the item: read it with the node Extract from File")
        text = base64.b64decode(attachment["data"]).decode("utf-8-sig")
        # Not of splitlines(): a quoted field may hold a line break.
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";", restkey="more", restval="")
        file = attachment.get("fileName", name)
        if reader.fieldnames != HEADER:
            print("skipped", file, reader.fieldnames)
            continue
        for row in reader:
            rows.append(
                {
                    "json": {
                        "file": file,
                        "line": reader.line_num,
                        "sku": row["sku"].strip(),
                        "name": row["name"].strip(),
                        "stock": int(row["stock"] or 0),
                        "price": float(row["price"].replace(",", ".")) if row["price"] else None,
                    }
                }
            )
return rows
