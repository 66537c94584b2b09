# Errors of a log by component, with the first and last time and what was measured in their texts.
#
# Mode: once for all items
# Run:  palisade run examples/log_errors.py --items examples/log_errors.items.json --allow-stdlib collections,re
import re
from collections import Counter

LINE = re.compile(
    r"""
    ^(?P<time>\d{4}-\d\d-\d\dT[\d:.]+Z)\s+
    (?P<level>[A-Z]+)\s+
    (?P<component>\w+):\s
    (?P<text>.*)$
    """,
    re.VERBOSE,
)
DURATION = re.compile(r"\b(\d+) ms\b")

levels, errors = Counter(), {}
for item in _items:
    for line in (item["json"].get("log") or "").splitlines():
        match = LINE.match(line)
        if not match:
            levels["unreadable"] += 1
            continue
        levels[match["level"]] += 1
        if match["level"] != "ERROR":
            continue
        error = errors.setdefault(match["component"], {"count": 0, "first": match["time"], "slowest_ms": None})
        error["count"] += 1
        error["last"] = match["time"]
        for duration in DURATION.findall(match["text"]):
            error["slowest_ms"] = max(error["slowest_ms"] or 0, int(duration))

print("lines by level:", dict(levels.most_common()))
return [{"json": {"component": component, **error}} for component, error in sorted(errors.items())]
