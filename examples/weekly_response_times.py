# Support tickets by ISO week: how many, the median time to the first answer, and the busiest weekday.
#
# Mode: once for all items
# Run:  palisade run examples/weekly_response_times.py --items examples/weekly_response_times.items.json \
#           --allow-stdlib collections,datetime,math,statistics
import math
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from statistics import median

FORMATS = ["%Y-%m-%dT%H:%M:%S%z", "%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M %p"]
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def moment(text):
    for form in FORMATS:
        try:
            parsed = datetime.strptime(text, form)
        except ValueError:
            continue
        # Without a zone it is the help desk's own: two hours ahead.
        zone = parsed.tzinfo or timezone(timedelta(hours=2))
        return parsed.replace(tzinfo=zone).astimezone(timezone.utc)
    raise ValueError(f"unknown date: {text}")


weeks = defaultdict(list)
for number, item in enumerate(_items):
    ticket = item["json"]
    if not ticket.get("opened"):
        raise ValueError(f"item {number} does not say when it was opened")
    opened = moment(ticket["opened"])
    answered = moment(ticket["answered"]) if ticket.get("answered") else None
    weeks[opened.isocalendar()[:2]].append((opened, answered))

result = []
for (year, week), tickets in sorted(weeks.items()):
    minutes = [(answered - opened).total_seconds() / 60 for opened, answered in tickets if answered]
    days = Counter(opened.weekday() for opened, _ in tickets)
    busiest = min(days, key=lambda day: (-days[day], day))
    monday = datetime.fromisocalendar(year, week, 1).date()
    result.append(
        {
            "json": {
                "week": f"{year}-W{week:02}",
                "from": monday,
                "tickets": len(tickets),
                "unanswered": len(tickets) - len(minutes),
                "median minutes": math.ceil(median(minutes)) if minutes else None,
                "busiest day": WEEKDAYS[busiest],
            }
        }
    )
return result
