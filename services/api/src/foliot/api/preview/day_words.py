"""The days of a cron expression in words, from the values that its fields allow."""

from __future__ import annotations

from foliot.api.preview.listing import SHORTEST_RANGE, joined, runs, with_ranges
from foliot.common.schedules.kinds import Cron

_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def day_words(cron: Cron) -> list[str]:
    """The parts that follow the time of day, as in `only in July`, `on day 13 of the month, or on Friday`.

    Every day has none. Where day of month and day of week are both restricted, `or` and `only` say how they go
    together.
    """
    parts = [] if len(cron.months) == 12 else [f"only in {joined(with_ranges(cron.months, _month))}"]
    any_day, any_weekday = len(cron.days) == 31, len(cron.weekdays) == 7
    if cron.either_day:
        return parts if any_day or any_weekday else [*parts, f"on {_days(cron)}, or on {_weekdays(cron)}"]
    if not any_day:
        parts.append(f"on {_days(cron)}")
    if not any_weekday:
        parts.append(_only_weekdays(cron, alone=any_day))
    return parts


def _days(cron: Cron) -> str:
    """`day 1 of the month`, `days 1 through 7 of the month and the last day of the month`."""
    numbered = f"day{'s' if len(cron.days) > 1 else ''} {joined(with_ranges(cron.days))} of the month"
    return joined(([numbered] if cron.days else []) + (["the last day of the month"] if cron.last_day else []))


def _weekdays(cron: Cron) -> str:
    """`Monday through Wednesday and the second Friday of the month`."""
    nth = [f"the {_ORDINALS[n]} {_weekday(weekday)} of the month" for weekday, n in cron.nth_weekdays]
    return joined(with_ranges(cron.weekdays, _weekday) + nth)


def _only_weekdays(cron: Cron, *, alone: bool) -> str:
    """Weekdays that restrict the days: without `only` where nothing else does and a range or an ordinal shows it."""
    is_range = len(runs(cron.weekdays)) == 1 and len(cron.weekdays) >= SHORTEST_RANGE
    if is_range and not cron.nth_weekdays:
        return _weekdays(cron) if alone else f"only {_weekdays(cron)}"
    return f"on {_weekdays(cron)}" if alone and cron.nth_weekdays else f"only on {_weekdays(cron)}"


def _weekday(number: int) -> str:
    return _WEEKDAYS[number]


def _month(number: int) -> str:
    return _MONTHS[number - 1]
