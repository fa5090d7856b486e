"""Forms of other schedulers: each is refused with the same schedule as it is written here.

They come from crontabs with a zone, EventBridge, and cron with random values. Without these remedies the grammar would
complain about a field that its author never wrote.
"""

import re

from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.fields import WEEKDAYS
from foliot.common.schedules.zones import named

_ZONE_BEFORE = re.compile(r"(?:CRON_)?TZ\s*=\s*(\S*)\s*(.*)", re.IGNORECASE)
_CALL = re.compile(r"(cron|rate|at)\s*\((.*)\)", re.IGNORECASE)
_RATE = re.compile(r"\s*(\d+)\s+(minute|hour|day)s?\s*", re.IGNORECASE)


def refuse_foreign(text: str) -> None:
    """Raises ScheduleError, with the remedy, if `text` is written for another scheduler."""
    before = _ZONE_BEFORE.fullmatch(text)
    if before is not None:
        raise _zone_in_schedule(before[1], before[2], column=1)
    call = _CALL.fullmatch(text)
    if call is not None:
        raise _called(call[1].lower(), call[2].strip())
    *words, last = text.split()
    zone = named(last)
    if zone is not None and len(words) in (1, 5, 6):
        raise _zone_in_schedule(zone, " ".join(words), column=text.rindex(last) + 1)


def refuse_boot(name: str) -> None:
    """Raises ScheduleError for `@reboot`, which belongs to a machine and not to a time."""
    if name == "@reboot":
        problem = (
            "@reboot is not supported, a job belongs to no machine: write immediate for one run when it is created"
        )
        raise ScheduleError(problem, column=1, example="immediate, @every 1h")


def _zone_in_schedule(zone: str, schedule: str, column: int) -> ScheduleError:
    known = named(zone) or zone
    problem = (
        f"the time zone does not stand in the schedule: write {_shown(schedule)} here and {_shown(known)} into the "
        "field timezone"
    )
    return ScheduleError(problem, column=column)


def _called(name: str, inside: str) -> ScheduleError:
    if name == "at":
        return ScheduleError("at(...) is not supported: write the time alone", example="2030-01-31T09:00:00Z")
    if name == "cron":
        return ScheduleError(f"cron(...) is not supported: {_of_event_bridge(inside)}", example="0 9 * * mon-fri")
    rate = _RATE.fullmatch(inside)
    remedy = f"@every {rate[1]}{rate[2][0].lower()}" if rate else "@every and a duration"
    return ScheduleError(f"rate(...) is not supported: write {remedy}", example="@every 5m")


def _of_event_bridge(inside: str) -> str:
    """The remedy for its six fields: the last one is a year, Sunday is 1, and `?` stands where `*` does here."""
    words = inside.upper().split()
    if len(words) != 6:
        return "write its fields alone: minute hour day month weekday"
    *fields, weekday, year = ["*" if word == "?" else word for word in words]
    plain = re.fullmatch(r"[A-Z0-9*,-]+", weekday) is not None and re.search(r"L|W|0|8|9", weekday) is None
    if not plain:
        return "write its first five fields alone; here Sunday is 0, L5 the last Friday and 5#2 the second"
    days = re.sub(r"(?<![A-Z])[1-7]", lambda number: WEEKDAYS[int(number[0]) - 1], weekday)
    limit = "" if year == "*" else " and bound the years by start_at and end_at"
    return f"write {' '.join([*fields, days])}{limit}"


def _shown(text: str) -> str:
    return " ".join(text.split())[:60] or "it"
