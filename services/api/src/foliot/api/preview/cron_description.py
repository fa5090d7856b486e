"""A cron expression in words: those of cron-descriptor, and our own where it has none or would be wrong."""

from __future__ import annotations

from functools import lru_cache

from cron_descriptor import ExpressionDescriptor, Options  # type: ignore[import-untyped, unused-ignore]

from foliot.common.schedules.kinds import Cron

_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


@lru_cache(maxsize=1024)
def describe_cron(cron: Cron) -> str:
    """As in `At 09:00 AM, Monday through Friday`; 12-hour clock, English whatever the host's locale."""
    *time_texts, day, month, weekday = cron.expression.split()
    sizes = [(cron.seconds, 60), (cron.minutes, 60), (cron.hours, 24)][-len(time_texts) :]
    time = [_time_field(text, values, size) for text, (values, size) in zip(time_texts, sizes, strict=True)]
    month = _field(month, cron.months, 12)
    any_day, any_weekday = len(cron.days) == 31, len(cron.weekdays) == 7
    if (any_day or any_weekday) if cron.either_day else (any_day and any_weekday):
        return _library([*time, "*", month, "*"])
    restricted_twice = not cron.either_day and not any_day and not any_weekday
    if restricted_twice or _mixed(day, cron.last_day) or _mixed(weekday, bool(cron.nth_weekdays)):
        return f"{_library([*time, '*', month, '*'])}, {_days(cron)}"
    day = "L" if cron.last_day else _day_field(day, cron.days)
    return _library([*time, day, month, _weekday_field(weekday, cron)])


def _library(fields: list[str]) -> str:
    options = Options()
    options.locale_code = "en_US"
    return str(ExpressionDescriptor(" ".join(fields), options).get_description())


def _mixed(text: str, special: bool) -> bool:
    """`L` or `#` within a list, which cron-descriptor garbles."""
    return special and "," in text


def _time_field(text: str, values: tuple[int, ...], size: int) -> str:
    """A time field for cron-descriptor. `*/7` is listed: across the full hour it is not every 7 minutes."""
    base, _, step = text.partition("/")
    if step and "," not in text and "-" not in base and size % int(step) != 0:
        return _listed(values)
    return _field(text, values, size, keep_step=True)


def _field(text: str, values: tuple[int, ...], size: int, *, keep_step: bool = False) -> str:
    """The same values in a form that cron-descriptor describes well: `a-a` as `a`, steps in lists listed."""
    if len(values) == size:
        return "*"
    equal_range = any(low == high for low, _, high in (item.partition("-") for item in text.split(",")))
    step_to_list = "/" in text and ("," in text or not keep_step)
    return _listed(values) if len(values) == 1 or equal_range or step_to_list else text


def _listed(values: tuple[int, ...]) -> str:
    return ",".join(str(value) for value in values)


def _day_field(text: str, days: tuple[int, ...]) -> str:
    base, slash, step = text.partition("/")
    if slash and "," not in text and base.isdigit() and len(days) > 1:
        return f"{base}-31/{step}"
    return _field(text, days, 31, keep_step=True)


def _weekday_field(text: str, cron: Cron) -> str:
    if cron.nth_weekdays:
        weekday, n = cron.nth_weekdays[0]
        return f"{weekday}L" if n == -1 else f"{weekday}#{n}"
    if len(cron.weekdays) == 7:
        return "*"
    return _listed(cron.weekdays) if "/" in text or "," in text or len(cron.weekdays) == 1 else text


def _days(cron: Cron) -> str:
    """Day of month and day of week in our own words."""
    weekdays = [_WEEKDAYS[weekday] for weekday in cron.weekdays] if len(cron.weekdays) < 7 else []
    weekdays += [f"the {_ORDINALS[n]} {_WEEKDAYS[weekday]} of the month" for weekday, n in cron.nth_weekdays]
    days: list[str] = []
    if len(cron.days) < 31:
        days = [f"day {_joined([str(day) for day in cron.days])} of the month"] if cron.days else []
        days += ["the last day of the month"] if cron.last_day else []
    parts = [f"on {_joined(names)}" for names in (days, weekdays) if names]
    return (", or " if cron.either_day else ", only ").join(parts)


def _joined(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
