# The same meeting in every participant's time, daylight saving included. An unknown zone is said, not guessed.
#
# Mode: once for each item
# Run:  palisade run examples/meeting_times.py --each --items examples/meeting_times.items.json --allow-stdlib datetime,zoneinfo
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PARTICIPANTS = {"office": "Europe/Berlin", "sales": "America/New_York", "support": "Asia/Kolkata"}

meeting = _item["json"]
try:
    zone = ZoneInfo(meeting["zone"])
except ZoneInfoNotFoundError:
    return {"title": meeting["title"], "problem": f"unknown time zone {meeting['zone']}"}

start = datetime.strptime(meeting["local"], "%Y-%m-%d %H:%M").replace(tzinfo=zone)
return {
    "title": meeting["title"],
    "utc": start.astimezone(ZoneInfo("UTC")).isoformat(),
    "for": {who: start.astimezone(ZoneInfo(where)).strftime("%a %H:%M %Z") for who, where in PARTICIPANTS.items()},
}
