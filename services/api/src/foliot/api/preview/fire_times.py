"""The next ticks of a timetable, told to a person before anything is saved."""

from datetime import UTC, datetime, timedelta

import msgspec

from foliot.api.preview.marks import marks
from foliot.common.schedules.jitter import jitter_delay
from foliot.common.schedules.timetable import Timetable


class FireTime(msgspec.Struct, frozen=True):
    """One tick, as people read it.

    `utc`: RFC 3339, six digits, Z; `local`: RFC 3339 with the zone's offset at that moment; `marks`: what
    a DST rule, jitter or the window did to it; `delay`: by jitter_seconds, available_at is tick + delay.
    """

    tick: datetime
    utc: str
    local: str
    marks: tuple[str, ...] = ()
    delay: timedelta = timedelta(0)


def preview(
    timetable: Timetable,
    after: datetime,
    count: int,
    *,
    job_key: str | None = None,
    jitter_seconds: int = 0,
    max_runs: int | None = None,
) -> list[FireTime]:
    """The first `count` ticks strictly after `after` (aware), oldest first; fewer if fewer follow.

    `job_key` decides the delays by jitter; without it only their range is told.
    """
    found: list[FireTime] = []
    previous = after.astimezone(UTC)
    for number in range(1, min(count, max_runs or count) + 1):
        tick = timetable.next_after(previous)
        if tick is None:
            break
        acted = marks(timetable, previous, tick)
        if number == max_runs:
            acted = (*acted, "max_runs: last run")
        found.append(_fire_time(timetable, tick, acted, job_key, jitter_seconds))
        previous = tick
    return found


def _fire_time(
    timetable: Timetable, tick: datetime, acted: tuple[str, ...], job_key: str | None, jitter_seconds: int
) -> FireTime:
    delay = jitter_delay(job_key, tick, jitter_seconds) if job_key is not None else timedelta(0)
    if delay:
        acted = (*acted, f"jitter_seconds: starts {delay.total_seconds():.3f} s later")
    elif jitter_seconds and job_key is None:
        acted = (*acted, f"jitter_seconds: starts 0 to {jitter_seconds} s later")
    return FireTime(
        tick=tick,
        utc=tick.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        local=tick.astimezone(timetable.zone).isoformat(),
        marks=acted,
        delay=delay,
    )
