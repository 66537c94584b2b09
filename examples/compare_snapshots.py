# What changed between two exports of the same list: added, removed, and for changed records which fields, from what to what.
#
# Mode: once for all items
# Run:  palisade run examples/compare_snapshots.py --items examples/compare_snapshots.items.json

snapshots = {"old": {}, "new": {}}
for number, item in enumerate(_items):
    record = dict(item["json"])
    snapshot, key = record.pop("snapshot", None), record.pop("id", None)
    if snapshot not in snapshots or key is None:
        raise ValueError(f"item {number}: a record has an id, and a snapshot, which is old or new")
    snapshots[snapshot][key] = record
old, new = snapshots["old"], snapshots["new"]

changes = [{"id": key, "change": "removed", "was": old[key]} for key in sorted(old.keys() - new.keys())]
changes += [{"id": key, "change": "added", "is": new[key]} for key in sorted(new.keys() - old.keys())]
for key in sorted(old.keys() & new.keys()):
    before, after = old[key], new[key]
    fields = {
        field: [before.get(field), after.get(field)]
        for field in sorted(before.keys() | after.keys())
        if before.get(field) != after.get(field)
    }
    if fields:
        changes.append({"id": key, "change": "changed", "fields": fields})
return [{"json": change} for change in changes]
