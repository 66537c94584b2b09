# One item per page to ask for, with the query already encoded; an HTTP Request node takes it from there.
#
# Mode: once for all items
# Run:  palisade run examples/pagination.py --items examples/pagination.items.json --allow-stdlib math,urllib
import math
from urllib.parse import urlencode

PAGE = 1000

requests = []
for item in _items:
    wanted = item["json"]
    pages = math.ceil(wanted["total"] / PAGE)
    for page in range(pages):
        query = {"offset": page * PAGE, "limit": min(PAGE, wanted["total"] - page * PAGE), "sort": "id asc"}
        if "updated" in wanted:
            query["filter"] = f"updated >= {wanted['updated']}"
        url = f"https://api.example.com/v2/{wanted['list']}?{urlencode(query)}"
        requests.append({"json": {"url": url, "page": page + 1, "of": pages}})
return requests
