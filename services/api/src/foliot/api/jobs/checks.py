"""Checks of a definition's values that have the right types: labels, pool, window and schedule."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from foliot.common.broker.topology import POOL_FORM, POOL_PATTERN
from foliot.common.errors import FieldError
from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.grammar import parse, written_offset
from foliot.common.schedules.kinds import Instant
from foliot.common.schedules.zones import zone

MAX_LABELS = 64
UTC_NAMES = ("UTC", "Etc/UTC")
"""Zones beside which an instant may have any offset: UTC is the default, and says nothing about a place."""
_POOL = re.compile(POOL_PATTERN)


def check_labels(labels: dict[str, str]) -> list[FieldError]:
    if len(labels) > MAX_LABELS:
        return [FieldError("labels", f"at most {MAX_LABELS} labels")]
    return [
        FieldError(f"labels.{key[:40]}", "a label has a name of 1 to 63 characters and a value of at most 255")
        for key, value in labels.items()
        if not 1 <= len(key) <= 63 or len(value) > 255
    ]


def check_pool(pool: str) -> list[FieldError]:
    if _POOL.fullmatch(pool):
        return []
    return [FieldError("pool", f"a pool's name has {POOL_FORM}")]


def check_window(values: dict[str, Any]) -> list[FieldError]:
    """start_at lies before end_at."""
    start_at, end_at = values.get("start_at"), values.get("end_at")
    if start_at and end_at and end_at <= start_at:
        return [FieldError("end_at", "must be later than start_at")]
    return []


def check_shadow(values: dict[str, Any]) -> list[FieldError]:
    """A shadow never runs, and `immediate` asks for nothing else."""
    if values.get("shadow") and values.get("schedule") == "immediate":
        return [FieldError("shadow", "an immediate job only runs: give another schedule, or leave shadow out")]
    return []


def check_schedule(values: dict[str, Any]) -> list[FieldError]:
    """Schedule and zone can be read; the message names the column and a text that works."""
    if "schedule" not in values:
        return []
    errors = []
    text, place, schedule = values["schedule"], None, None
    try:
        place = zone(values.get("timezone", "UTC"))
    except ScheduleError as error:
        errors.append(FieldError("timezone", str(error)))
    try:
        schedule = parse(text)
    except ScheduleError as error:
        errors.append(FieldError("schedule", str(error)))
    if place is not None and isinstance(schedule, Instant):
        errors += _check_offset(text, schedule.at, place)
    return errors


def _check_offset(text: str, at: datetime, place: ZoneInfo) -> list[FieldError]:
    """The offset of an instant is that of the timezone at that time: another one is a slip in one of the two."""
    offset = written_offset(text)
    if offset is None or place.key in UTC_NAMES:
        return []
    there = at.astimezone(place)
    if there.utcoffset() == offset:
        return []
    written = there.astimezone(timezone(offset))
    meant = written.replace(tzinfo=None).isoformat()
    message = (
        f"{written.isoformat()} is {there.isoformat()} in {place.key}: write that if the instant is meant, or {meant}, "
        "without an offset, if it is what the clock shows there"
    )
    return [FieldError("schedule", message)]
