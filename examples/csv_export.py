# Makes one CSV file of all items: the columns are all keys in the order they first appear, lists are joined. The file is
# attached as binary data, as n8n's "Convert to File" would do it.
#
# Mode: once for all items
# Run:  palisade run examples/csv_export.py --items examples/csv_export.items.json --allow-stdlib base64,csv,io
import base64
import csv
import io

rows = [item["json"] for item in _items]
columns = list(dict.fromkeys(key for row in rows for key in row))

text = io.StringIO(newline="")
writer = csv.DictWriter(text, columns, delimiter=";", lineterminator="\r\n", restval="")
writer.writeheader()
for row in rows:
    writer.writerow({key: ", ".join(map(str, value)) if isinstance(value, list) else value for key, value in row.items()})

content = text.getvalue().encode("utf-8-sig")
return [
    {
        "json": {"rows": len(rows), "columns": columns, "bytes": len(content)},
        "binary": {
            "data": {
                "fileName": "export.csv",
                "mimeType": "text/csv",
                "data": base64.b64encode(content).decode("ascii"),
            }
        },
    }
]
