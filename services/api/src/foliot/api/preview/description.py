"""A schedule in words."""

from __future__ import annotations

from typing import assert_never
from zoneinfo import ZoneInfo

from foliot.api.preview.cron_description import describe_cron
from foliot.common.schedules.kinds import Cron, Every, Immediate, Instant, Manual, Schedule

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def describe(schedule: Schedule, zone: ZoneInfo) -> str:
    """English, as in `At 09:00 AM, Monday through Friday`; an instant is given on the clock of `zone`."""
    match schedule:
        case Cron():
            return describe_cron(schedule)
        case Every():
            return f"Every {_duration(int(schedule.interval.total_seconds()))}"
        case Instant():
            local = schedule.at.astimezone(zone).replace(tzinfo=None) if schedule.at.tzinfo else schedule.at
            return f"Once, at {local.isoformat(sep=' ')} ({zone.key})"
        case Immediate():
            return "Once, immediately"
        case Manual():
            return "Only when a run is asked for"
        case _:
            assert_never(schedule)


def _duration(seconds: int) -> str:
    """`90` -> `1 minute 30 seconds`, `3600` -> `hour`."""
    parts: list[str] = []
    for size, unit in _UNITS:
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number} {unit}{'s' if number > 1 else ''}")
    alone = len(parts) == 1 and parts[0].startswith("1 ")
    return parts[0][2:] if alone else " ".join(parts)
