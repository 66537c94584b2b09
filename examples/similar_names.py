# Customers that may be one and the same: names that are alike once spelling habits are taken out, best match first.
#
# Mode: once for all items
# Run:  palisade run examples/similar_names.py --items examples/similar_names.items.json --allow-stdlib difflib,itertools,re
import re
from difflib import SequenceMatcher
from itertools import combinations

SPELLINGS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "&": " und "})
FORMS = re.compile(r"\b(gmbh|ag|kg|aktiengesellschaft)\b")


def plain(name):
    return " ".join(FORMS.sub("", re.sub(r"[^\w ]", "", name.lower().translate(SPELLINGS))).split())


customers = [item["json"] for item in _items if item["json"].get("id") is not None and item["json"].get("name")]
if len(customers) < len(_items):
    print("without id or name:", len(_items) - len(customers))

pairs = []
for left, right in combinations(customers, 2):
    likeness = SequenceMatcher(None, plain(left["name"]), plain(right["name"])).ratio()
    if likeness >= 0.85:
        pairs.append({"json": {"keep": left["id"], "check": right["id"], "likeness": round(likeness, 3)}})
return sorted(pairs, key=lambda pair: (-pair["json"]["likeness"], pair["json"]["keep"]))
