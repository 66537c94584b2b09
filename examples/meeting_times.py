# The same meeting in every participant's time, daylight saving included. An unknown zone is said, not guessed.
#
# Mode: once for each item
# Run:  palisade run examples/meeting_times.py --each --items examples/meeting_times.items.json --allow-stdlib datetime,zoneinfo
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PARTICIPANTS = {"office": "Europe/Berlin", "sales": "America/New_York", "support": "Asia/Kolkata"}

meeting = _item["json"]
title, name, local = meeting.get("title"), meeting.get("zone"), meeting.get("local")
if not name or not local:
    return {"title": title, "problem": "no zone or no time"}
try:
    zone = ZoneInfo(name)
except (ZoneInfoNotFoundError, ValueError):  # the latter for what is no name of a zone at all, such as ../etc
    return {"title": title, "problem": f"unknown time zone {name}"}

start = datetime.strptime(local, "%Y-%m-%d %H:%M").replace(tzinfo=zone)
return {
    "title": title,
    "utc": start.astimezone(ZoneInfo("UTC")).isoformat(),
    "for": {who: start.astimezone(ZoneInfo(where)).strftime("%a %H:%M %Z") for who, where in PARTICIPANTS.items()},
}
