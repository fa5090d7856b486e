"""The time of day of a cron expression in words, from the values that its fields allow."""

from __future__ import annotations

from foliot.api.preview.listing import joined, runs, step_of, with_ranges
from foliot.common.schedules.kinds import Cron

MOST_TIMES = 6
"""Times of day that are named one by one; more are described by their fields."""
MOST_SPANS = 3
"""Spans of hours that are named by both ends; more are named by the hours in which they begin."""


def clock_words(cron: Cron) -> str:
    """As in `At 09:00 AM` or `Every 15 minutes, between 09:00 AM and 05:59 PM`; 12-hour clock."""
    hourly = _once_an_hour(cron) if len(cron.minutes) == len(cron.seconds) == 1 else None
    if hourly is not None:
        return hourly
    if len(cron.hours) * len(cron.minutes) * len(cron.seconds) <= MOST_TIMES:
        times = [(h, m, s) for h in cron.hours for m in cron.minutes for s in cron.seconds]
        return f"At {joined([_time(*time) for time in times])}"
    parts = [words for words in (_seconds(cron), _minutes(cron), _hours(cron)) if words]
    sentence = ", ".join(parts)
    return sentence[0].upper() + sentence[1:]


def _once_an_hour(cron: Cron) -> str | None:
    """Hours at the same distance, each with one time; None if they have to be named."""
    (minute,), (second,) = cron.minutes, cron.seconds
    hours, step = cron.hours, step_of(cron.hours)
    if step is None or (step == 1 and len(hours) == 24 and (minute or second)):
        return None
    every = "Every hour" if step == 1 else f"Every {step} hours"
    if hours[0] == minute == second == 0 and len(hours) * step == 24:
        return every
    if len(hours) <= MOST_TIMES:
        return None
    return f"{every} from {_time(hours[0], minute, second)} through {_time(hours[-1], minute, second)}"


def _seconds(cron: Cron) -> str:
    if cron.seconds == (0,):
        return ""
    if (every := _every(cron.seconds, "second")) is not None:
        return every
    return f"at {_amount(cron.seconds, 'second')} past the minute"


def _minutes(cron: Cron) -> str:
    within = cron.seconds != (0,)
    if within and len(cron.minutes) == 60:
        return ""
    if within:
        return f"during {_numbered(cron.minutes, 'minute')} of the hour"
    if (every := _every(cron.minutes, "minute")) is not None:
        return every
    return f"at {_amount(cron.minutes, 'minute')} past the hour"


def _hours(cron: Cron) -> str:
    if len(cron.hours) == 24:
        return ""
    spans = runs(cron.hours)
    if len(spans) > MOST_SPANS:
        return f"in the hours that begin at {joined([_time(hour, 0, 0) for hour in cron.hours])}"
    return joined([f"between {_time(first, 0, 0)} and {_time(last, 59, 0)}" for first, last in spans])


def _every(values: tuple[int, ...], unit: str) -> str | None:
    """`every minute`, `every 15 minutes`; None unless the steps come out even across the full hour or minute."""
    step = 1 if len(values) == 60 else step_of(values) or (30 if values == (0, 30) else None)
    if step is None or values[0] != 0 or len(values) * step != 60:
        return None
    return f"every {unit}" if step == 1 else f"every {step} {unit}s"


def _amount(values: tuple[int, ...], unit: str) -> str:
    return f"{joined(with_ranges(values))} {unit}{'' if values == (1,) else 's'}"


def _numbered(values: tuple[int, ...], unit: str) -> str:
    return f"{unit}{'' if len(values) == 1 else 's'} {joined(with_ranges(values))}"


def _time(hour: int, minute: int, second: int) -> str:
    seconds = f":{second:02}" if second else ""
    return f"{(hour + 11) % 12 + 1:02}:{minute:02}{seconds} {'AM' if hour < 12 else 'PM'}"
