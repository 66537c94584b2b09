# Nested JSON as one flat object, as a spreadsheet wants it: {"a": {"b": [1, 2]}} becomes {"a.b.0": 1, "a.b.1": 2}.
#
# Mode: once for each item
# Run:  palisade run examples/flatten_json.py --each --items examples/flatten_json.items.json


def flat(value, path=""):
    if isinstance(value, dict) and value:
        inner = value.items()
    elif isinstance(value, list) and value:
        inner = enumerate(value)
    else:
        yield path, value if value not in ({}, []) else None
        return
    for key, part in inner:
        yield from flat(part, f"{path}.{key}" if path else str(key))


return dict(flat(_item["json"])) if _item["json"] else {}
