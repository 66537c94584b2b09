# One item per page to ask for, with the query already encoded; an HTTP Request node takes it from there.
#
# Mode: once for all items
# Run:  palisade run examples/pagination.py --items examples/pagination.items.json --allow-stdlib math,urllib
import math
from urllib.parse import urlencode

PAGE = 1000

requests = []
for number, item in enumerate(_items):
    wanted = item["json"]
    name, total = wanted.get("list"), wanted.get("total")
    if not name or total is None:
        raise ValueError(f"item {number}: which list is wanted, and how long is it?")
    pages = math.ceil(total / PAGE)
    for page in range(pages):
        query = {"offset": page * PAGE, "limit": min(PAGE, total - page * PAGE), "sort": "id asc"}
        if wanted.get("updated"):
            query["filter"] = f"updated >= {wanted['updated']}"
        url = f"https://api.example.com/v2/{name}?{urlencode(query)}"
        requests.append({"json": {"url": url, "page": page + 1, "of": pages}})
return requests
