# Readings far from what their sensor usually says: more than three times the median deviation, which one wild value cannot
# pull along as it would a mean.
#
# Mode: once for all items
# Run:  palisade run examples/outliers.py --items examples/outliers.items.json --allow-stdlib collections,statistics
from collections import defaultdict
from statistics import median

readings = defaultdict(list)
for index, item in enumerate(_items):
    if item["json"].get("value") is not None:
        readings[item["json"].get("sensor")].append((index, item["json"]["value"]))

found = []
for sensor, values in readings.items():
    if len(values) < 5:
        print(f"sensor {sensor}: {len(values)} readings are too few to judge")
        continue
    usual = median(value for _, value in values)
    spread = median(abs(value - usual) for _, value in values) or 1e-9
    for index, value in values:
        if abs(value - usual) > 3 * 1.4826 * spread:
            found.append({"json": {"sensor": sensor, "value": value, "usual": usual}, "pairedItem": {"item": index}})
return found
