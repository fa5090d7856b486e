"""The next ticks of a timetable, as a person reads them before anything is saved."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from foliot.api.preview.marks import mark_of_hours, marks
from foliot.common.clock import rfc3339
from foliot.common.schedules.timetable import Timetable


class FireTime(msgspec.Struct, frozen=True):
    """One tick. `local`: RFC 3339 with the offset of the job's zone at that moment; `marks`: the effects of a DST rule,
    of the window, of max_runs and of jitter on it."""

    utc: str
    local: str
    marks: tuple[str, ...] = ()


def fire_times(
    timetable: Timetable, after: datetime, count: int, *, jitter_seconds: int = 0, max_runs: int | None = None
) -> list[FireTime]:
    """The first `count` ticks strictly after `after` (aware), oldest first; fewer if fewer follow.

    The delay of a tick by jitter depends on the job_id, which is not known yet: only its range is shown.
    """
    found: list[FireTime] = []
    previous = after.astimezone(UTC)
    for number in range(1, min(count, max_runs or count) + 1):
        tick = timetable.next_after(previous)
        if tick is None:
            break
        effects = [*marks(timetable, previous, tick)]
        if number == 1:
            effects += mark_of_hours(timetable, tick)
        if number == max_runs:
            effects.append("max_runs: last run")
        if jitter_seconds:
            effects.append(f"jitter_seconds: starts 0 to {jitter_seconds} s later")
        found.append(FireTime(rfc3339(tick), tick.astimezone(timetable.zone).isoformat(), tuple(effects)))
        previous = tick
    return found
