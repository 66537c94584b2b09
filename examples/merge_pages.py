# The answers of a paginated API, in whatever order they came in, as one list without doubles. A page that is missing is an
# error: half a list looks like a whole one.
#
# Mode: once for all items
# Run:  palisade run examples/merge_pages.py --items examples/merge_pages.items.json --allow-stdlib itertools,operator
from itertools import chain, count
from operator import itemgetter

if not _items:
    return []
pages = {item["json"].get("page"): item["json"] for item in _items}
for number in count(1):
    page = pages.get(number)
    if page is None:
        raise ValueError(f"page {number} is missing")
    if not isinstance(page.get("results"), list):
        raise ValueError(f"page {number} has no results")
    if page.get("next") is None:
        break

newest = {}
for record in chain.from_iterable(pages[known]["results"] for known in range(1, number + 1)):
    newest[record["id"]] = record  # a later page has the newer state
return [{"json": record} for record in sorted(newest.values(), key=itemgetter("id"))]
