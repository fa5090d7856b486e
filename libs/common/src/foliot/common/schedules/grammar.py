"""The grammar of schedules: from the text, as docs/schedules.md describes it, to its meaning."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from foliot.common.schedules import fields
from foliot.common.schedules.days import some_day_exists
from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.fields import Values, parse_field
from foliot.common.schedules.foreign import refuse_boot, refuse_foreign
from foliot.common.schedules.kinds import Cron, Every, Immediate, Instant, Manual, Schedule

LONGEST_SCHEDULE = 100
"""Characters: the column is VARCHAR(100)."""
LONGEST_INTERVAL = timedelta(days=3653)
"""Ten years: a longer one is a slip of the pen."""
EARLIEST_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_INSTANT = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of time, exclusive: each instant before it has a local time in every zone."""
MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIELDS = (fields.SECOND, fields.MINUTE, fields.HOUR, fields.DAY, fields.MONTH, fields.WEEKDAY)
_INTERVAL = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_SPREADS = re.compile(r"^[^@]*(?<![A-Za-z])[Hh](?![A-Za-z])")
"""An `H` that is not part of a name, in a text that is no macro."""
_DATE = re.compile(r"\d{4}-\d")
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?P<offset>Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?", re.IGNORECASE
)


def parse(text: str, *, spread: str = "") -> Schedule:
    """The schedule that `text` means. `spread` (team and first job_name) decides the values of `H`.

    Raises ScheduleError. Equal arguments give the same object, from a bounded cache.
    """
    if len(text) > LONGEST_SCHEDULE:
        raise ScheduleError(
            f"the schedule has {len(text)} characters, at most {LONGEST_SCHEDULE} fit", example="0 9 * * *"
        )
    spreads = ("H" in text or "h" in text) and _SPREADS.search(text)  # the search alone costs eight times as much
    return _parse(text, spread if spreads else "")


@lru_cache(maxsize=16_384)
def _parse(text: str, spread: str) -> Schedule:
    _refuse_odd_characters(text)
    text = text.strip(" \t")
    if text == "immediate":
        return Immediate()
    if text == "manual":
        return Manual()
    if text.startswith("@"):
        return _macro(text)
    if _DATE.match(text):
        return _instant(text)
    refuse_foreign(text)
    return _cron(text, spread)


def _refuse_odd_characters(text: str) -> None:
    if not text.strip(" \t"):
        raise ScheduleError("the schedule is empty", example="0 9 * * *")
    for column, character in enumerate(text, 1):
        if not (" " <= character <= "~" or character == "\t"):
            raise ScheduleError(
                f"the character {character!a} cannot stand in a schedule",
                column=column,
                example="0 9 * * *",
            )


def _macro(text: str) -> Cron | Every:
    name, *rest = text.split()
    if name == "@every":
        return _every(rest)
    expression = MACROS.get(name)
    if expression is None or rest:
        refuse_boot(name)
        refuse_foreign(text)
        small = f": write {name.lower()}" if name.lower() in (*MACROS, "@every") and name != name.lower() else ""
        known = ", ".join(MACROS)
        raise ScheduleError(f"{text!r} is not one of {known}, @every{small}", column=1, example="@every 30s")
    return _cron(expression, "")


def _every(words: list[str]) -> Every:
    example = "@every 30s, @every 1h30m, @every 7d"
    found = _INTERVAL.fullmatch(words[0]) if len(words) == 1 else None
    if found is None or not any(found.groups()):
        problem = "@every takes one duration of days, hours, minutes and seconds, in this order"
        raise ScheduleError(problem, column=8, example=example)
    days, hours, minutes, seconds = (int(number or 0) for number in found.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if not 1 <= total <= LONGEST_INTERVAL.total_seconds():
        problem = f"@every takes at least 1s and at most {LONGEST_INTERVAL.days}d"
        raise ScheduleError(problem, column=8, example=example)
    return Every(timedelta(seconds=total))


def _instant(text: str) -> Instant:
    example = "2030-01-31T09:00:00Z, 2030-01-31T09:00:00+01:00 or 2030-01-31T09:00 (on the clock of the timezone)"
    if not _INSTANT.fullmatch(text):
        problem = (
            "an instant is written as RFC 3339: date, T, time (at most six digits of a second), Z, offset or neither"
        )
        raise ScheduleError(problem, example=example)
    try:
        written = datetime.fromisoformat(text.upper())
        at = written if written.tzinfo is None else written.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ScheduleError(f"there is no such instant: {error}", example=example) from None
    if not EARLIEST_INSTANT <= (at if at.tzinfo else at.replace(tzinfo=UTC)) < LATEST_INSTANT:
        raise ScheduleError("an instant lies in the years 1970 to 9998", example=example)
    return Instant(at)


def written_offset(text: str) -> timedelta | None:
    """The offset that the text of an instant claims for its place; None without one. `Z` claims none: it says that the
    time is given in UTC (RFC 9557)."""
    found = _INSTANT.fullmatch(text.strip(" \t"))
    offset = found["offset"] if found else None
    return None if offset in (None, "Z", "z") else datetime.strptime(offset, "%z").utcoffset()


def _cron(text: str, spread: str) -> Cron:
    words = [(word.group(), word.start() + 1) for word in re.finditer(r"[^ \t]+", text)]
    if len(words) not in (5, 6):
        problem = (
            f"{text!r} is no schedule: a cron expression has 5 fields (minute hour day month weekday) or 6 "
            f"(second first), this has {len(words)}"
        )
        raise ScheduleError(problem, example="0 9 * * mon-fri, @daily, @every 30s, immediate, manual")
    with_seconds = words if len(words) == 6 else [("0", 1), *words]
    values = [
        parse_field(field, word, column, spread) for field, (word, column) in zip(_FIELDS, with_seconds, strict=True)
    ]
    cron = _assembled(values, with_seconds=len(words) == 6)
    if not some_day_exists(cron):
        day_column = words[-3][1]
        raise ScheduleError(f"{text!r} never fires: there is no such date", column=day_column, example="0 0 L 2 *")
    return cron


def _assembled(values: list[Values], *, with_seconds: bool) -> Cron:
    second, minute, hour, day, month, weekday = values
    written = values if with_seconds else values[1:]
    return Cron(
        expression=" ".join(value.text for value in written),
        seconds=tuple(sorted(second.plain)),
        minutes=tuple(sorted(minute.plain)),
        hours=tuple(sorted(hour.plain)),
        days=tuple(sorted(day.plain)),
        last_day=day.last_day,
        months=tuple(sorted(month.plain)),
        weekdays=tuple(sorted({value % 7 for value in weekday.plain})),
        nth_weekdays=tuple(sorted(weekday.nth_weekdays)),
        either_day=not (day.text.startswith("*") or weekday.text.startswith("*")),
        fixed_time=not any(value.text.startswith("*") for value in (second, minute, hour)),
    )
