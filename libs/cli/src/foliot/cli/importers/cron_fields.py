"""The five fields of a crontab line, read as crontab(5) defines them, and the same schedule as it is written here."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from foliot.cli.importers.found import Unmapped


class Field(NamedTuple):
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS: Final = (
    Field("minute", 0, 59), Field("hour", 0, 23), Field("day of month", 1, 31), Field("month", 1, 12, _MONTHS),
    Field("day of week", 0, 7, _DAYS),
)  # fmt: skip
NICKNAMES: Final = {
    "@yearly": "@yearly", "@annually": "@yearly", "@monthly": "@monthly", "@weekly": "@weekly", "@daily": "@daily",
    "@midnight": "@daily", "@hourly": "@hourly", "@every_minute": "* * * * *",
}  # fmt: skip
_LAST_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def schedule_of(fields: list[str], notes: list[str]) -> str:
    """Raises Unmapped for what cron refuses, reads otherwise, or never runs."""
    written = [_field(text, field, notes) for text, field in zip(fields, FIELDS, strict=True)]
    if fields[4].startswith("*") and not fields[2].startswith("*"):
        _refuse_days_that_never_come(values(fields[2], FIELDS[2]), values(fields[3], FIELDS[3]))
    return " ".join(written)


def values(text: str, field: Field) -> set[int]:
    """Those that a field stands for. A random one may be any of its range."""
    found: set[int] = set()
    for part in text.split(","):
        body, _, step = part.partition("/")
        low, high = _range(body, field)
        found |= set(range(low, high + 1, int(step or 1)))
    return found


def _field(text: str, field: Field, notes: list[str]) -> str:
    return ",".join(_part(part, field, notes) for part in text.split(","))


def _part(part: str, field: Field, notes: list[str]) -> str:
    body, slash, step = part.partition("/")
    low, high = _range(body, field)
    if slash:
        if not re.fullmatch(r"[0-9]+", step) or int(step) == 0:
            raise Unmapped(f"{part!r} in {field.name} has no step that counts")
        if "-" not in body and body != "*":
            raise Unmapped(f"{part!r} in {field.name}: crons read this differently: write {low}-{field.high}/{step}")
        if int(step) > high - low:
            raise Unmapped(
                f"{part!r} in {field.name} is a step beyond its range: cron runs it at {low} alone: write {low}"
            )
    if "~" in body:
        notes.append(f"{body!r} in {field.name} is random there; here H, one value that stays")
        return f"H({low}-{high})"
    return part.lower()


def _range(body: str, field: Field) -> tuple[int, int]:
    if body == "*":
        return field.low, 6 if field.names == _DAYS else field.high
    ends = re.fullmatch(r"(\w*)([-~]?)(\w*)", body)
    if ends is None or (ends[2] == "-" and not (ends[1] and ends[3])) or (not ends[2] and not ends[1]):
        raise Unmapped(f"{body!r} is no {field.name}")
    low = _number(ends[1], field) if ends[1] else field.low
    high = _number(ends[3], field) if ends[3] else (field.high if ends[2] else low)
    if low > high:
        raise Unmapped(f"{body!r} in {field.name} runs backwards: cron refuses it")
    return low, high


def _number(text: str, field: Field) -> int:
    if text.lower() in field.names:
        return field.names.index(text.lower()) + (0 if field.names == _DAYS else 1)
    if not re.fullmatch(r"[0-9]+", text) or not field.low <= int(text) <= field.high:
        raise Unmapped(f"{text!r} is no {field.name}")
    return int(text)


def _refuse_days_that_never_come(days: set[int], months: set[int]) -> None:
    if all(min(days) > _LAST_DAYS[month - 1] for month in months):
        raise Unmapped("no month that it names has such a day: cron never runs it")
